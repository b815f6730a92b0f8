import * as z from 'zod';
import { readDeclared } from './declared-syncs.ts';
import { parseImageName } from './image-name.ts';
import { INDEX_DEPTH, LAYERS_LIMIT } from './limits.ts';
import {
  createRegistryClient,
  type FetchedManifest,
  type RegistryClient,
} from './registry-client.ts';
import { isKustomization } from './render-source.ts';
import type { Content, Pull } from './source-sync.ts';
import { type Unpacked, unpackLayers } from './unpack-layers.ts';

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const IMAGES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const indexSchema = z.object({
  manifests: z.array(
    z.object({
      digest,
      platform: z.object({ os: z.string(), architecture: z.string() }).nullish(),
    }),
  ),
});
/** Config and artifactType are not read. */
export const imageSchema = z.object({ layers: z.array(z.object({ digest })).max(LAYERS_LIMIT) });

/**
 * oci-sync's pull (facts/config-sync.md section 3): one GET by tag or digest, an index followed to its first
 * linux/amd64 child, whose digest is the one that counts. What is there already is not unpacked again.
 */
export function pullImage(image: string): Pull {
  return async (signal, known) => {
    const name = parseImageName(image);
    const registry = createRegistryClient(name, signal);
    const manifest = await findImage(registry, name.reference, INDEX_DEPTH).catch(
      (cause: unknown) => {
        throw new Error(`failed to pull image ${image}: ${reasonOf(cause)}`, { cause });
      },
    );
    const commit = manifest.digest.slice('sha256:'.length);
    if (known?.commit === commit) return known;
    const { layers } = imageSchema.parse(JSON.parse(manifest.bytes.toString()));
    try {
      const blobs = await Promise.all(layers.map((layer) => registry.blob(layer.digest)));
      const unpacked = await unpackLayers(blobs);
      return readContent(commit, unpacked);
    } catch (cause) {
      throw new Error(`failed to extract the image: ${reasonOf(cause)}`, { cause });
    }
  };
}

function readContent(commit: string, unpacked: readonly Unpacked[]): Content {
  const declared = readDeclared(unpacked);
  const kustomizations = unpacked.flatMap(({ path, content }): [string, string][] =>
    content !== undefined && isKustomization(path) ? [[path, content.toString()]] : [],
  );
  return {
    commit,
    paths: unpacked.map(({ path }) => path),
    ...(declared.length === 0 ? {} : { declared }),
    ...(kustomizations.length === 0 ? {} : { kustomizations: new Map(kustomizations) }),
  };
}

/** Whether the image is named by digest: it is pulled once and never again. */
export function isPinned(image: string): boolean {
  return image.includes('@');
}

async function findImage(
  registry: RegistryClient,
  reference: string,
  depth: number,
): Promise<FetchedManifest> {
  const manifest = await registry.manifest(reference);
  if (IMAGES.includes(manifest.mediaType)) return manifest;
  if (!INDEXES.includes(manifest.mediaType)) {
    throw new Error(`unsupported MediaType: "${manifest.mediaType}"`);
  }
  if (depth === 0) throw new Error('indexes are nested too deeply');
  const { manifests } = indexSchema.parse(JSON.parse(manifest.bytes.toString()));
  // A child without a platform counts as linux/amd64.
  const child = manifests.find(
    ({ platform }) => !platform || (platform.os === 'linux' && platform.architecture === 'amd64'),
  );
  if (child === undefined)
    throw new Error(`no child with platform linux/amd64 in index ${reference}`);
  return findImage(registry, child.digest, depth - 1);
}

/** What went wrong, with the reason that fetch hides in its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
