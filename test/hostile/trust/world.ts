import { sign } from 'node:crypto';

import type { Digest } from '#shared/core/digest.ts';
import type { FailureCode } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { CandidateReason } from '#shared/core/verdict.ts';
import type { Descriptor } from '#shared/registry/registry.ts';
import {
  bundleOf,
  createSigningKey,
  legacyLayer,
  legacyPayload,
  putBundle,
  putSignatureTag,
  SIMPLE_SIGNING,
  statementOf,
  type SigningKey,
} from '#test/fakes/cosign.ts';
import { digestOf, type MemoryRegistry } from '#test/fakes/memory-registry.ts';

export const REPOSITORY = 'registry.example/configs/platform';
/** The image that an attacker wants approved. */
export const VICTIM: Digest = digestOf(Buffer.from('victim'));
/** Another image, properly signed. */
export const OTHER: Digest = digestOf(Buffer.from('other'));
export const release: SigningKey = createSigningKey();
export const stranger: SigningKey = createSigningKey();

export type Expected =
  | { readonly status: 'verified' | 'unsigned' }
  | { readonly status: 'untrusted' | 'incomplete' | 'unsigned'; readonly reason: CandidateReason }
  | { readonly failure: FailureCode };

/** One way of fooling a verifier. */
export interface TrustCase {
  /** Number in docs/threat-model.md#attacks-on-signatures. */
  readonly fact: number;
  readonly name: string;
  /** Where it worked once. */
  readonly advisory: string;
  readonly arrange: (registry: MemoryRegistry) => void;
  /** Absent: one key, `release`. */
  readonly policy?: TrustPolicy;
  readonly expected: Expected;
}

export const incomplete = (reason: CandidateReason): Expected => ({
  status: 'incomplete',
  reason,
});
export const untrusted = (reason: CandidateReason): Expected => ({ status: 'untrusted', reason });
export const verified: Expected = { status: 'verified' };

export function pushBundle(registry: MemoryRegistry, bundle: unknown, overrides = {}): void {
  registry.addReferrer(
    REPOSITORY,
    VICTIM,
    putBundle(registry, REPOSITORY, VICTIM, bundle, overrides),
  );
}

export function pushPayload(
  registry: MemoryRegistry,
  payload: string | Uint8Array,
  signature?: string,
): void {
  const layer = legacyLayer(registry, REPOSITORY, payload, release, signature);
  putSignatureTag(registry, REPOSITORY, VICTIM, [layer]);
}

/** A bundle by the right key for the right image, with one part wrong. */
export function spoiltBundle(
  spoil: (good: Record<string, unknown>) => unknown,
): TrustCase['arrange'] {
  return (registry: MemoryRegistry) =>
    pushBundle(registry, spoil(bundleOf(statementOf(VICTIM), release)));
}

export function envelope(parts: object): TrustCase['arrange'] {
  return spoiltBundle(() => bundleOf(statementOf(VICTIM), release, { envelope: parts }));
}

export function material(parts: object): TrustCase['arrange'] {
  return spoiltBundle(() => bundleOf(statementOf(VICTIM), release, { material: parts }));
}

export function attestation(predicateType: string): TrustCase['arrange'] {
  return spoiltBundle(() => bundleOf({ ...statementOf(VICTIM), predicateType }, release));
}

export function payloadWith(from: string, to: string): TrustCase['arrange'] {
  return (registry: MemoryRegistry) => {
    const good = legacyPayload(VICTIM);
    if (!good.includes(from)) throw new Error(`payload has no ${from}`);
    pushPayload(registry, good.replace(from, to));
  };
}

export function goodLayer(registry: MemoryRegistry): Descriptor {
  return legacyLayer(registry, REPOSITORY, legacyPayload(VICTIM), release);
}

export function junkLayers(count: number): readonly object[] {
  const layer = { mediaType: SIMPLE_SIGNING, digest: OTHER, size: 1e9, annotations: {} };
  return Array.from({ length: count }, () => layer);
}

export function pushJunkReferrers(registry: MemoryRegistry, count: number): void {
  for (let at = 0; at < count; at++) {
    pushBundle(registry, { junk: at }, { manifest: { annotations: { at: String(at) } } });
  }
}

export const hint = { publicKey: { hint: release.hint } };
export const p1363 = (bytes: Buffer): string =>
  sign('sha256', bytes, { key: release.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
export const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
export const hex = VICTIM.slice('sha256:'.length);
