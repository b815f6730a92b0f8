import * as z from 'zod';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import type { Descriptor, Manifest, Referrers } from '#shared/registry/registry.ts';
import { isRefusal, type Refusal, type RefusedCandidate, refuse } from './candidate.ts';
import { checkSchema, parseJson } from './foreign-bytes.ts';
import { MAX_SIGNATURES } from './limits.ts';

/** Config of cosign's experimental referrer form, which carries the layers of the legacy form. */
const EXPERIMENTAL_SIGNATURE = 'application/vnd.dev.cosign.artifact.sig.v1+json';

/** Layer of a legacy attestation: its blob is a DSSE envelope (cosign ATTESTATION_SPEC). */
const DSSE_ENVELOPE = 'application/vnd.dsse.envelope.v1+json';

/** Artifact type of a referrer that holds DSSE envelopes, and of its layers. */
const IN_TOTO = 'application/vnd.in-toto+json';

/** Every version of the sigstore bundle that is read, exactly: a longer name that begins like one is something else. */
export const BUNDLES = [
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  'application/vnd.dev.sigstore.bundle+json;version=0.2',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
];

/** A signature or an attestation of the legacy form, or a bundle of either. */
type Kind = 'signature' | 'attestation' | 'bundle';

/** What a layer is, by its media type. */
const KINDS: ReadonlyMap<unknown, Kind> = new Map([
  // Its blob is the signed payload (cosign SIGNATURE_SPEC, "Simple Signing").
  ['application/vnd.dev.cosign.simplesigning.v1+json', 'signature'],
  [DSSE_ENVELOPE, 'attestation'],
  [IN_TOTO, 'attestation'],
  ...BUNDLES.map((type) => [type, 'bundle'] as const),
]);

const SIGNATURE_TYPES: ReadonlySet<string | undefined> = new Set([
  EXPERIMENTAL_SIGNATURE,
  ...BUNDLES,
]);

/** Artifact types that a signature may claim: older tools claim none or the empty one (cosign#4641, #4422, #5098). */
export const POSSIBLE_TYPES: ReadonlySet<string | undefined> = new Set([
  undefined,
  '',
  'application/vnd.oci.empty.v1+json',
  DSSE_ENVELOPE,
  IN_TOTO,
  ...SIGNATURE_TYPES,
]);

/** `sha256:` and its hex, as every digest that is followed. */
export const digestSchema = z.custom<Digest>(
  (value) => typeof value === 'string' && isDigest(value),
);

/** OCI image-spec 1.1, "Image Manifest Property Descriptions". Layers are read one by one: one bad one hides no other. */
const manifestSchema = z.lazy(() =>
  z.object({
    artifactType: z.string().optional(),
    config: z.object({ mediaType: z.string() }).optional(),
    layers: z.array(z.looseObject({ mediaType: z.unknown() }).nullable().catch(null)),
    manifests: z.undefined().optional(),
  }),
);

/** OCI image-spec 1.1, "Image Index Property Descriptions": what a fallback tag holds. */
const indexSchema = z.lazy(() =>
  z.object({
    manifests: z.array(z.unknown()),
    layers: z.undefined().optional(),
  }),
);

/** OCI image-spec 1.1, "Content Descriptors". */
const descriptorSchema = z.lazy(() =>
  z.object({
    mediaType: z.string(),
    digest: digestSchema,
    size: z.int().nonnegative(),
    artifactType: z.string().nullish(),
  }),
);

const layerSchema = z.lazy(() =>
  descriptorSchema
    .unwrap()
    .omit({ artifactType: true })
    .extend({ annotations: z.record(z.string(), z.string()).optional() }),
);

export type Layer = z.infer<typeof layerSchema>;

/** A layer that is a signature or attestation by its own media type. */
export interface SignatureLayer {
  readonly kind: Kind;
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
  const layers = parsed.layers.flatMap((entry) => {
    const kind = KINDS.get(entry?.mediaType);
    const holds = kind === 'attestation' ? mayHold.envelopes : mayHold.signatures;
    return kind !== undefined && holds ? [{ kind, entry }] : [];
  });
  const { artifactType, config } = parsed;
  const claims = SIGNATURE_TYPES.has(artifactType) || SIGNATURE_TYPES.has(config?.mediaType);
  if (layers.length === 0 && (claims || via !== 'referrer')) {
    const detail = 'Signature manifest holds no layer of a signature type';
    return [{ source, format: 'unknown', ...refuse('malformed', detail) }];
  }
  return capSignatures(layers, source).map((found) => {
    if ('refused' in found) return found;
    const { kind, entry } = found;
    const layer = checkSchema(entry, layerSchema, 'Signature layer');
    if (!isRefusal(layer)) return { kind, layer, manifest: source };
    return { source, format: formatOf(kind), ...layer };
  });
}

export function formatOf(kind: Kind): 'legacy' | 'bundle' {
  return kind === 'bundle' ? 'bundle' : 'legacy';
}

/** The first `MAX_SIGNATURES`, and one refusal for those that are left out. */
export function capSignatures<T>(
  found: readonly T[],
  source: Digest,
): readonly (T | RefusedCandidate)[] {
  if (found.length <= MAX_SIGNATURES) return found;
  const detail = `${found.length} signatures; the first ${MAX_SIGNATURES} are examined`;
  const rest: RefusedCandidate = { source, format: 'unknown', ...refuse('too-many', detail) };
  return [...found.slice(0, MAX_SIGNATURES), rest];
}

/** The descriptors under a fallback tag, unreadable ones counted. Anyone may tag anything so: no index lists nothing. */
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
  const { data } = descriptorSchema.safeParse(entry);
  if (data === undefined) return undefined;
  const { artifactType, ...rest } = data;
  if (artifactType === undefined) return rest;
  return artifactType === null ? { ...rest, flawed: true } : { ...rest, artifactType };
}

function parseIndex(manifest: Manifest): { manifests: unknown[] } | Refusal {
  return parseJson(manifest.bytes, indexSchema, 'Referrers index');
}
