import type { Digest } from '#shared/core/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '#shared/registry/media-type.ts';
import type { Manifest, Registry } from '#shared/registry/registry.ts';
import { sha256 } from './scripted-registry.ts';

export const TAG_DATE = '2026-11-22T04:00:00Z';
const CHILD_DATE = '2026-11-22T04:30:00Z';

/** One manifest as a registry serves it: a document or text, its Content-Type, and the tag it has. */
export interface Stored {
  readonly body: unknown;
  readonly contentType?: string;
  readonly tag?: string;
}

/** A manifest, or part of one, as JSON will have it. */
export interface Document {
  readonly mediaType: string;
  readonly [key: string]: unknown;
}

/** A registry of these manifests in any repository, and what was asked of it. */
export function holding(
  stored: readonly Stored[],
): Pick<Registry, 'manifest'> & { asked: string[] } {
  const asked: string[] = [];
  const served = stored.map(serve);
  return {
    asked,
    async manifest(_, reference) {
      asked.push(reference);
      return served.find(({ tag, manifest }) => reference === tag || reference === manifest.digest)
        ?.manifest;
    },
  };
}

function serve({ body, contentType, tag }: Stored): {
  tag: string | undefined;
  manifest: Manifest;
} {
  const text = textOf(body);
  const { mediaType } = JSON.parse(text) ?? {};
  const served = contentType ?? mediaType;
  return {
    tag,
    manifest: {
      digest: sha256(text),
      mediaType: mediaType ?? served,
      contentType: served,
      bytes: Buffer.from(text),
      date: tag === undefined ? CHILD_DATE : TAG_DATE,
    },
  };
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

export function digestOf(body: unknown): Digest {
  return sha256(textOf(body));
}

/** An image whose bytes differ by `name`. */
export function image(name = 'image', extra: object = {}): Document {
  return {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha256(name), size: 9 },
    ],
    ...extra,
  };
}

/** A child of an index: `platform` is written only when given. */
export function child(body: unknown, platform?: unknown, extra: object = {}): Document {
  return {
    mediaType: OCI_MANIFEST,
    digest: digestOf(body),
    size: textOf(body).length,
    ...(platform === undefined ? {} : { platform }),
    ...extra,
  };
}

export function index(...manifests: readonly unknown[]): Document {
  return { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
}

export const AMD64 = { os: 'linux', architecture: 'amd64' };
export const ARM64 = { os: 'linux', architecture: 'arm64' };
