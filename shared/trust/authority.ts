import { CountersignError } from '#shared/core/errors.ts';
import type { Authority, TrustPolicy } from '#shared/core/policy.ts';

import type { AuthorityCheck } from './candidate.ts';
import type { KeyLoader } from './keys.ts';
import type { TrustRootLoader } from './trust-roots.ts';
import { createKeyCheck } from './verify-key.ts';

export interface AuthorityDeps {
  readonly keys: KeyLoader;
  readonly roots: TrustRootLoader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Makes an authority ready: one mode each has a file of its own, in which the steps of a verification stand in their
 * order (`verify-key.ts`, `verify-keyless.ts`, `verify-pki.ts`). Throws where it cannot be, and the policy then approves
 * nothing: `key-unavailable`, `trust-root-unavailable`, `bad-config`. What only certificates and logs need is loaded
 * where a policy asks for them.
 */
export async function prepareAuthority(
  authority: Authority,
  deps: AuthorityDeps,
): Promise<AuthorityCheck> {
  const { keys, roots, now } = deps;
  const { name, trustedRoot = 'public-good' } = authority;
  if (authority.type === 'keyless') {
    const { createKeylessCheck } = await import('./verify-keyless.ts');
    return createKeylessCheck(authority, await roots(trustedRoot, name), now);
  }
  if (authority.type === 'certificate') {
    const { createPkiCheck } = await import('./verify-pki.ts');
    const isTimed = authority.transparencyLog !== 'ignore';
    return createPkiCheck(authority, isTimed ? await roots(trustedRoot, name) : undefined, now);
  }
  const key = await keys(authority.key, name);
  if (authority.transparencyLog === 'ignore') return createKeyCheck(authority, key);
  const { createLogCheck } = await import('./prove.ts');
  const root = await roots(trustedRoot, name);
  return createKeyCheck(authority, key, createLogCheck({ root, now, transparencyLog: 'require' }));
}

/** Throws `bad-config` for a policy that nothing has to satisfy and that does not say so: it must not approve. */
export function checkAuthorities(policy: TrustPolicy): void {
  const { authorities, require, allowUnsigned } = policy;
  if (authorities.length === 0 && !allowUnsigned) throw badPolicy(policy, 'names no authority');
  if (authorities.length > 0 && !(Number.isInteger(require) && require >= 1)) {
    throw badPolicy(policy, 'needs a require of 1 or more');
  }
}

export function badPolicy({ name }: TrustPolicy, problem: string): CountersignError {
  return new CountersignError('bad-config', `Trust policy "${name}" ${problem}`);
}
