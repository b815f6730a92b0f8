import type { Digest } from '#shared/core/digest.ts';
import type { Descriptor, Manifest } from '#shared/registry/registry.ts';

import { isRefusal, type Refusal, type RefusedCandidate, refuse } from './candidate.ts';
import { MAX_SIGNATURES } from './limits.ts';
import { EXPERIMENTAL_SIGNATURE, isBundleMediaType, SIMPLE_SIGNING } from './media-types.ts';
import {
  descriptorSchema,
  indexSchema,
  type Layer,
  layerSchema,
  manifestSchema,
} from './schema.ts';
import { checkSchema, parseJson } from './strict-json.ts';

/** A layer that is a signature by its own media type. */
export interface SignatureLayer {
  readonly format: 'legacy' | 'bundle';
  readonly layer: Layer;
  /** Of the manifest that holds it. */
  readonly manifest: Digest;
}

/** What one manifest contributes. */
export type Found = SignatureLayer | RefusedCandidate;

/**
 * The signatures in one manifest: layers of exactly known types, whatever the descriptor that led here claims
 * (cosign#4641). A manifest that calls itself a signature and holds none is refused; any other is nobody's signature.
 */
export function readSignatureManifest(
  manifest: Manifest,
  via: 'signature-tag' | 'referrer',
): readonly Found[] {
  const source = manifest.digest;
  const parsed = parseJson(manifest.bytes, manifestSchema, 'Signature manifest');
  if (isRefusal(parsed)) {
    // An index that refers to an image is not a broken signature; what cannot be read at all may be one.
    const other = via === 'referrer' && !isRefusal(parseIndex(manifest));
    return other ? [] : [{ source, format: 'unknown', ...parsed }];
  }
  const layers = parsed.layers.flatMap((layer) => {
    const format = formatOf(layer);
    return format === undefined ? [] : [{ format, layer }];
  });
  const claims = [parsed.artifactType, parsed.config?.mediaType].some(isSignatureType);
  if (layers.length === 0 && (claims || via === 'signature-tag')) {
    const detail = 'Signature manifest holds no layer of a signature type';
    return [{ source, format: 'unknown', ...refuse('malformed', detail) }];
  }
  return capSignatures(layers, source).map((found) =>
    'refused' in found ? found : readLayer(found, source),
  );
}

/** The first `MAX_SIGNATURES`; what is left out is said once. */
export function capSignatures<T>(
  found: readonly T[],
  source: Digest,
): readonly (T | RefusedCandidate)[] {
  if (found.length <= MAX_SIGNATURES) return found;
  const detail = `${found.length} signatures; the first ${MAX_SIGNATURES} are examined`;
  const rest: RefusedCandidate = { source, format: 'unknown', ...refuse('too-many', detail) };
  return [...found.slice(0, MAX_SIGNATURES), rest];
}

/**
 * The descriptors in the index under a fallback tag; unreadable ones are left out. Anyone may have tagged anything so:
 * a manifest that is no index lists nothing.
 */
export function readFallbackIndex(manifest: Manifest): readonly Descriptor[] | Refusal {
  const parsed = parseIndex(manifest);
  if (isRefusal(parsed)) {
    return isRefusal(parseJson(manifest.bytes, manifestSchema, 'Manifest')) ? parsed : [];
  }
  return parsed.manifests.flatMap((entry) => {
    const descriptor = checkSchema(entry, descriptorSchema, 'Referrers descriptor');
    if (isRefusal(descriptor)) return [];
    const { artifactType, ...rest } = descriptor;
    return [artifactType === undefined ? rest : { ...rest, artifactType }];
  });
}

function parseIndex(manifest: Manifest): { manifests: unknown[] } | Refusal {
  return parseJson(manifest.bytes, indexSchema, 'Referrers index');
}

function readLayer(
  { format, layer: entry }: { format: SignatureLayer['format']; layer: unknown },
  manifest: Digest,
): Found {
  const layer = checkSchema(entry, layerSchema, 'Signature layer');
  return isRefusal(layer) ? { source: manifest, format, ...layer } : { format, layer, manifest };
}

function formatOf(entry: unknown): SignatureLayer['format'] | undefined {
  if (typeof entry !== 'object' || entry === null || !('mediaType' in entry)) return undefined;
  const { mediaType } = entry;
  if (mediaType === SIMPLE_SIGNING) return 'legacy';
  return typeof mediaType === 'string' && isBundleMediaType(mediaType) ? 'bundle' : undefined;
}

function isSignatureType(mediaType: string | undefined): boolean {
  if (mediaType === undefined) return false;
  return mediaType === EXPERIMENTAL_SIGNATURE || isBundleMediaType(mediaType);
}
