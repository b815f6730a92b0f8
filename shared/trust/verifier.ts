import type { Taken } from '#shared/core/content.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { Registry } from '#shared/registry/registry.ts';

import { type AuthorityDeps, badPolicy, checkAuthorities, prepareAuthority } from './authority.ts';
import { createVerdictCache } from './cache.ts';
import { discover, type Subject } from './discover.ts';
import { judgeCandidates } from './judge-candidates.ts';
import { createTrustRootLoader, type TrustRootLoader } from './trust-roots.ts';

export interface Verifier {
  /**
   * The verdict on a digest that the caller resolved: `verified`, `unsigned`, `untrusted`, or `unusable` for
   * what it contains. Throws when it
   * could not be checked: the registry's failures, `deadline-exceeded`, `key-unavailable`, `trust-root-unavailable`,
   * `bad-config`.
   */
  verify(subject: Subject, policy: TrustPolicy, options?: VerifyOptions): Promise<Verdict>;
}

export interface VerifyOptions {
  /** Something changed just now: a remembered verdict that is not `verified` is looked at again. */
  readonly fresh?: boolean;
  /** What of the image is used; absent: any of it, by what the image is. Signatures are of all of it. */
  readonly taken?: Taken | undefined;
}

export interface VerifierDeps extends Omit<AuthorityDeps, 'roots'> {
  readonly registry: Registry;
  /** Absent: one of its own, which keeps the public-good root in a temporary folder. */
  readonly roots?: TrustRootLoader;
  /** For finding all candidates of one subject, in milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Makes a verifier that remembers verdicts.
 *
 * @example
 * const verifier = createVerifier({ registry, keys: createKeyLoader(), now });
 * const verdict = await verifier.verify({ repository, digest }, policy);
 */
export function createVerifier(deps: VerifierDeps): Verifier {
  const cache = createVerdictCache({ now: deps.now });
  const { roots = createTrustRootLoader({ now: deps.now }) } = deps;
  return {
    async verify(subject, policy, { fresh = false } = {}) {
      checkPolicy(policy);
      const { repository, digest, index } = subject;
      const key = JSON.stringify([repository, digest, index ?? null, policy.hash]);
      return cache.get(key, fresh, () => verifyAfresh(subject, policy, { ...deps, roots }));
    },
  };
}

async function verifyAfresh(
  subject: Subject,
  policy: TrustPolicy,
  deps: VerifierDeps & AuthorityDeps,
): Promise<Verdict> {
  // No signature is asked for: `open: { allowUnsigned: true }`.
  if (policy.authorities.length === 0) return judgeCandidates([], [], policy);
  // A key that cannot be had is a failure, signatures or not.
  const [{ candidates, gaps }, authorities] = await Promise.all([
    discover(subject, policy, deps),
    Promise.all(policy.authorities.map((authority) => prepareAuthority(authority, deps))),
  ]);
  const verdict = await judgeCandidates(candidates, authorities, policy);
  // More candidates take nothing away from what verifies; any other verdict, they may change.
  const [gap] = gaps;
  const isSettled = verdict.status === 'verified' && verdict.allowedUnsigned === undefined;
  if (gap === undefined || isSettled) return verdict;
  throw gap;
}

/** A policy that no signer needs to satisfy must not approve. */
function checkPolicy(policy: TrustPolicy): void {
  const { authorities, attestations, allowUnsigned } = policy;
  if (attestations.length > 0 && (allowUnsigned || authorities.length === 0)) {
    throw badPolicy(policy, 'requires attestations, and names nobody who must sign');
  }
  if (policy.signatures === 'attested') {
    if (attestations.length === 0)
      throw badPolicy(policy, 'takes attestations for signatures, and requires none');
    if (authorities.some(({ annotations }) => Object.keys(annotations).length > 0)) {
      throw badPolicy(policy, 'asks for annotations, which attestations do not have');
    }
  }
  checkAuthorities(policy);
}
