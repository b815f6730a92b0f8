import * as z from 'zod';

import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { Descriptor, Manifest, Referrers } from '#shared/registry/registry.ts';

import { isRefusal, type Refusal, type RefusedCandidate, refuse } from './candidate.ts';
import { MAX_SIGNATURES } from './limits.ts';
import { checkSchema, parseJson } from './strict-json.ts';

/** Layer of a legacy signature: its blob is the signed payload (cosign SIGNATURE_SPEC, "Simple Signing"). */
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Config of cosign's experimental referrer form, which carries the layers of the legacy form. */
const EXPERIMENTAL_SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

/** Layer of a legacy attestation: its blob is a DSSE envelope (cosign ATTESTATION_SPEC). */
const DSSE_ENVELOPE = 'application/vnd.dsse.envelope.v1+json';

/** Artifact type of a referrer that holds DSSE envelopes, and of its layers. */
const IN_TOTO = 'application/vnd.in-toto+json';

/** Every version of the sigstore bundle that is read, exactly: a longer name that begins like one is something else. */
const BUNDLES: ReadonlySet<string> = new Set([
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
]);

/** Whether `mediaType` is a sigstore bundle of a version that is known. */
export function isBundleMediaType(mediaType: string): boolean {
  return BUNDLES.has(mediaType);
}

/** Whether a bundle of this type may carry a chain in place of its leaf: version 0.3 took that away. */
export function mayCarryChain(mediaType: string): boolean {
  return /[=]0\.[12]$/.test(mediaType);
}

/**
 * Whether a referrer's descriptor leaves it open that it is a signature: fallback tags written by older tools claim no
 * artifact type or the empty one (cosign#4641, #4422, #5098).
 */
export function mayBeSignature(artifactType: string | undefined): boolean {
  return (
    artifactType === undefined ||
    artifactType === '' ||
    artifactType === 'application/vnd.oci.empty.v1+json' ||
    artifactType === EXPERIMENTAL_SIGNATURE ||
    artifactType === DSSE_ENVELOPE ||
    artifactType === IN_TOTO ||
    isBundleMediaType(artifactType)
  );
}

/** `sha256:` and its hex, as every digest that is followed. */
export const digestSchema = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
);

/** OCI image-spec 1.1, "Image Manifest Property Descriptions". Layers are read one by one: one bad one hides no other. */
const manifestSchema = z.object({
  artifactType: z.string().optional(),
  config: z.object({ mediaType: z.string() }).optional(),
  layers: z.array(z.unknown()),
  manifests: z.undefined().optional(),
});

/** OCI image-spec 1.1, "Image Index Property Descriptions": what a fallback tag holds. */
const indexSchema = z.object({
  manifests: z.array(z.unknown()),
  layers: z.undefined().optional(),
});

/** OCI image-spec 1.1, "Content Descriptors". */
const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: digestSchema,
  size: z.int().nonnegative(),
  artifactType: z.string().nullish(),
});

const layerSchema = descriptorSchema.omit({ artifactType: true }).extend({
  annotations: z.record(z.string(), z.string()).optional(),
});

export type Layer = z.infer<typeof layerSchema>;

/** A layer that is a signature or attestation by its own media type. */
export interface SignatureLayer {
  readonly format: 'legacy' | 'bundle';
  /** The legacy form has payloads, which are signatures, and DSSE envelopes, which are attestations. */
  readonly isEnvelope: boolean;
  readonly layer: Layer;
  /** Of the manifest that holds it. */
  readonly manifest: Digest;
}

/** What one manifest contributes. */
export type Found = SignatureLayer | RefusedCandidate;

/** The way to a manifest: a tag holds what its name says, a referrer says itself what it is. */
export type Via = 'signature-tag' | 'attestation-tag' | 'referrer';

/**
 * The signatures in one manifest, and its attestations where they are asked for: layers of exactly known types, whatever
 * the descriptor that led here claims (cosign#4641). A manifest that calls itself a signature and holds none is refused;
 * any other is no signature.
 */
export function readSignatureManifest(
  manifest: Manifest,
  via: Via,
  wantsAttestations: boolean,
): readonly Found[] {
  const source = manifest.digest;
  const parsed = parseJson(manifest.bytes, manifestSchema, 'Signature manifest');
  if (isRefusal(parsed)) {
    // An index that refers to an image is not a broken signature; what cannot be read at all may be one.
    const other = via === 'referrer' && !isRefusal(parseIndex(manifest));
    return other ? [] : [{ source, format: 'unknown', ...parsed }];
  }
  const mayHold = {
    signatures: via !== 'attestation-tag',
    envelopes: wantsAttestations && via !== 'signature-tag',
  };
  const layers = parsed.layers.flatMap((layer) => {
    const kind = kindOf(layer);
    const holds = kind?.isEnvelope === true ? mayHold.envelopes : mayHold.signatures;
    return kind !== undefined && holds ? [{ ...kind, layer }] : [];
  });
  const claims = [parsed.artifactType, parsed.config?.mediaType].some(isSignatureType);
  if (layers.length === 0 && (claims || via !== 'referrer')) {
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
 * The descriptors in the index under a fallback tag; unreadable ones are counted. Anyone may have tagged anything so:
 * a manifest that is no index lists nothing.
 */
export function readFallbackIndex(manifest: Manifest): Referrers | Refusal {
  const parsed = parseIndex(manifest);
  if (isRefusal(parsed)) {
    const isOther = !isRefusal(parseJson(manifest.bytes, manifestSchema, 'Manifest'));
    return isOther ? { descriptors: [], complete: true, unreadable: 0 } : parsed;
  }
  const { manifests } = parsed;
  const descriptors = manifests.flatMap((entry) => readDescriptor(entry) ?? []);
  return { descriptors, complete: true, unreadable: manifests.length - descriptors.length };
}

function readDescriptor(entry: unknown): Descriptor | undefined {
  const descriptor = checkSchema(entry, descriptorSchema, 'Referrers descriptor');
  if (isRefusal(descriptor)) return undefined;
  const { artifactType, ...rest } = descriptor;
  if (artifactType === undefined) return rest;
  return artifactType === null ? { ...rest, flawed: true } : { ...rest, artifactType };
}

function parseIndex(manifest: Manifest): { manifests: unknown[] } | Refusal {
  return parseJson(manifest.bytes, indexSchema, 'Referrers index');
}

type Kind = Pick<SignatureLayer, 'format' | 'isEnvelope'>;

function readLayer({ layer: entry, ...kind }: Kind & { layer: unknown }, manifest: Digest): Found {
  const layer = checkSchema(entry, layerSchema, 'Signature layer');
  return isRefusal(layer)
    ? { source: manifest, format: kind.format, ...layer }
    : { ...kind, layer, manifest };
}

function kindOf(entry: unknown): Kind | undefined {
  if (typeof entry !== 'object' || entry === null || !('mediaType' in entry)) return undefined;
  const { mediaType } = entry;
  if (mediaType === SIMPLE_SIGNING) return { format: 'legacy', isEnvelope: false };
  if (mediaType === DSSE_ENVELOPE || mediaType === IN_TOTO) {
    return { format: 'legacy', isEnvelope: true };
  }
  return typeof mediaType === 'string' && isBundleMediaType(mediaType)
    ? { format: 'bundle', isEnvelope: false }
    : undefined;
}

function isSignatureType(mediaType: string | undefined): boolean {
  if (mediaType === undefined) return false;
  return mediaType === EXPERIMENTAL_SIGNATURE || isBundleMediaType(mediaType);
}
