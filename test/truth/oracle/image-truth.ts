import type { Digest } from '#shared/core/digest.ts';
import type { SimRegistry } from '#test/faults/sim/registry.ts';
import type { TrustOfWorld } from '../trust.ts';

export type ImageStatus = 'verified' | 'unsigned' | 'incomplete' | 'untrusted' | 'unusable';

/** What a digest is under the policy of now: signed on itself or on an index of it. */
export function statusOf(
  { registry, trust }: { readonly registry: SimRegistry; readonly trust: TrustOfWorld },
  repository: string,
  digest: Digest,
): ImageStatus {
  return trust.judge(repository, [digest, ...registry.indexesOf(repository, digest)]).status;
}
