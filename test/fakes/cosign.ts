import { createHash, type KeyObject, sign } from 'node:crypto';

import { type Digest, hexOf } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Descriptor, Manifest } from '#shared/registry/registry.ts';

import { generateKeyOf, type KeyKind } from './key-kinds.ts';
import type { MemoryRegistry } from './memory-registry.ts';

export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY = 'application/vnd.oci.empty.v1+json';
const IN_TOTO = 'application/vnd.in-toto+json';

export interface SigningKey {
  readonly privateKey: KeyObject;
  /** What a policy holds. */
  readonly pem: string;
  readonly hint: string;
  /** Absent: ECDSA or RSA over SHA-256. */
  readonly sign?: (bytes: Buffer) => Buffer;
}

/** Makes a key pair that signs as cosign does with a key of this kind. */
export function createSigningKey(kind: KeyKind = 'P-256'): SigningKey {
  const { publicKey, privateKey, sign: signWith } = generateKeyOf(kind);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    privateKey,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    hint: createHash('sha256').update(der).digest('base64'),
    sign: signWith,
  };
}

function signBytes(bytes: Buffer, key: SigningKey): string {
  const made = key.sign?.(bytes) ?? sign('sha256', bytes, key.privateKey);
  return made.toString('base64');
}

/** The payload of a legacy signature as cosign writes it. */
export function legacyPayload(digest: string, optional: unknown = null): string {
  const image = { 'docker-manifest-digest': digest };
  const type = 'cosign container image signature';
  const identity = { 'docker-reference': 'registry.example/configs/platform' };
  return JSON.stringify({ critical: { identity, image, type }, optional });
}

/** A layer of a legacy signature manifest; its payload is stored. `signature` replaces the true one. */
export function legacyLayer(
  registry: MemoryRegistry,
  repository: string,
  payload: string | Uint8Array,
  key: SigningKey,
  signature?: string,
): Descriptor {
  const bytes = Buffer.from(payload);
  const annotations = {
    'dev.cosignproject.cosign/signature': signature ?? signBytes(bytes, key),
  };
  return { ...registry.putBlob(repository, bytes), mediaType: SIMPLE_SIGNING, annotations };
}

/** Puts the layers under the `.sig` tag of `digest`. */
export function putSignatureTag(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  layers: readonly unknown[],
): Manifest {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 };
  const body = { schemaVersion: 2, mediaType: MANIFEST, config, layers };
  return registry.putManifest(repository, body, `sha256-${hexOf(digest)}.sig`);
}

/** `cosign sign --key` of cosign 2: all of the above. */
export function signLegacy(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  key: SigningKey,
  optional: unknown = null,
): Manifest {
  const layer = legacyLayer(registry, repository, legacyPayload(digest, optional), key);
  return putSignatureTag(registry, repository, digest, [layer]);
}

/** An in-toto statement as cosign 3 signs it. */
export function statementOf(
  digest: string,
  annotations?: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const subject = { digest: { sha256: digest.replace('sha256:', '') }, annotations };
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [subject],
    predicateType: COSIGN_SIGN,
    predicate: {},
  };
}

/** A v0.3 bundle over `statement` (text is signed as it is), with any part replaced. */
export function bundleOf(
  statement: unknown,
  key: SigningKey,
  parts: { material?: unknown; envelope?: object; bundle?: object } = {},
): Record<string, unknown> {
  const payload = Buffer.from(
    typeof statement === 'string' ? statement : JSON.stringify(statement),
  );
  const pae = Buffer.concat([
    Buffer.from(`DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${payload.length} `),
    payload,
  ]);
  return {
    mediaType: BUNDLE,
    verificationMaterial: parts.material ?? { publicKey: { hint: key.hint } },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ sig: signBytes(pae, key) }],
      ...parts.envelope,
    },
    ...parts.bundle,
  };
}

/** Pushes a bundle as a referrer of `digest`: manifest, and its descriptor, not yet listed anywhere. */
export function putBundle(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  bundle: unknown,
  overrides: { layer?: object; manifest?: object } = {},
): Descriptor {
  const layer = { ...registry.putBlob(repository, bundle), mediaType: BUNDLE, ...overrides.layer };
  const empty = { ...registry.putBlob(repository, '{}'), mediaType: EMPTY };
  const manifest = registry.putManifest(repository, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: BUNDLE,
    config: empty,
    layers: [layer],
    subject: { mediaType: MANIFEST, digest, size: 2 },
    ...overrides.manifest,
  });
  const { length: size } = manifest.bytes;
  return { mediaType: MANIFEST, digest: manifest.digest, size, artifactType: BUNDLE };
}

/** `cosign sign --key` of cosign 3 on a registry with a referrers API. */
export function signBundle(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  key: SigningKey,
  annotations?: Readonly<Record<string, unknown>>,
): Descriptor {
  const bundle = bundleOf(statementOf(digest, annotations), key);
  const descriptor = putBundle(registry, repository, digest, bundle);
  registry.addReferrer(repository, digest, descriptor);
  return descriptor;
}

/** An in-toto statement as cosign 3 attests it. */
export function attestationOf(
  digest: string,
  predicateType: string,
  predicate: unknown = {},
): Record<string, unknown> {
  return { ...statementOf(digest), predicateType, predicate };
}

/** `cosign attest --key` of cosign 3 on a registry with a referrers API. */
export function attestBundle(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  key: SigningKey,
  statement: unknown,
): void {
  const descriptor = putBundle(registry, repository, digest, bundleOf(statement, key));
  registry.addReferrer(repository, digest, descriptor);
}

/** A layer of a legacy attestation; its envelope is stored. Its annotations are the pusher's claims. */
export function envelopeLayer(
  registry: MemoryRegistry,
  repository: string,
  key: SigningKey,
  statement: unknown,
  mediaType = 'application/vnd.dsse.envelope.v1+json',
): Descriptor {
  const { dsseEnvelope } = bundleOf(statement, key);
  const annotations = { 'dev.cosignproject.cosign/signature': '', predicateType: 'any' };
  return { ...registry.putBlob(repository, dsseEnvelope), mediaType, annotations };
}

/** Puts the layers under the `.att` tag of `digest`. */
export function putAttestationTag(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  layers: readonly unknown[],
): Manifest {
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 2 };
  const body = { schemaVersion: 2, mediaType: MANIFEST, config, layers };
  return registry.putManifest(repository, body, `sha256-${hexOf(digest)}.att`);
}

/** `cosign attest --key` of cosign 2. */
export function attestLegacy(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  key: SigningKey,
  statement: Readonly<Record<string, unknown>>,
): void {
  const older = { ...statement, _type: 'https://in-toto.io/Statement/v0.1' };
  const layer = envelopeLayer(registry, repository, key, older);
  putAttestationTag(registry, repository, digest, [layer]);
}

/** An attestation in the manifest of a referrer of its own. */
export function attestReferrer(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  key: SigningKey,
  statement: unknown,
): void {
  const layer = envelopeLayer(registry, repository, key, statement, IN_TOTO);
  const manifest = { artifactType: IN_TOTO, layers: [layer] };
  registry.addReferrer(
    repository,
    digest,
    putBundle(registry, repository, digest, {}, { manifest }),
  );
}

/** Puts an index of referrers under the fallback tag of `digest`. */
export function putFallback(
  registry: MemoryRegistry,
  repository: string,
  digest: Digest,
  manifests: readonly unknown[],
): Manifest {
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const body = { schemaVersion: 2, mediaType, manifests };
  return registry.putManifest(repository, body, `sha256-${hexOf(digest)}`);
}

/** A policy of one or more keys, all of them required, with any part replaced; its hash is over all of it. */
export function keyPolicy(
  keys: readonly Pick<SigningKey, 'pem'>[],
  parts: Partial<TrustPolicy> & { annotations?: Readonly<Record<string, string>> } = {},
): TrustPolicy {
  const { annotations = {}, ...rest } = parts;
  const authorities = keys.map(({ pem }, at) => ({
    type: 'key' as const,
    name: `key-${at + 1}`,
    key: { pem },
    transparencyLog: 'ignore' as const,
    annotations,
  }));
  const policy = {
    name: 'release',
    require: keys.length,
    authorities,
    format: 'any' as const,
    attestations: [],
    allowUnsigned: false,
    ...rest,
  };
  const hash = createHash('sha256').update(JSON.stringify(policy, exact)).digest('hex');
  return { ...policy, hash: `sha256:${hash}` };
}

/** JSON has no bigint. */
function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
