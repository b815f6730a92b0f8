import type { Authority } from '#shared/core/policy.ts';

import type { Evidence, Refusal } from './candidate.ts';
import { createKeyCheck } from './key-authority.ts';
import type { KeyLoader } from './keys.ts';
import type { TrustRootLoader } from './trust-roots.ts';

/** One authority of a policy, ready to look at evidence. */
export interface AuthorityCheck {
  readonly name: string;
  /** A look takes milliseconds: others get their turn after each. */
  readonly slow?: boolean;
  /** Never throws for what was pushed. */
  readonly check: (evidence: Evidence) => Acceptance | Refusal;
}

/** Who signed, as this authority knows it. */
export interface Acceptance {
  /** For people: a key's hint or a certificate's identity. */
  readonly identity: string;
  /** All that the signer is known by, whatever the rule that it fits: `require` counts signers. Absent: `identity`. */
  readonly signer?: readonly string[];
}

export interface AuthorityDeps {
  readonly keys: KeyLoader;
  readonly roots: TrustRootLoader;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Makes an authority ready. Throws where it cannot be, and the policy then approves nothing: `key-unavailable`,
 * `trust-root-unavailable`, `bad-config`. What only certificates and logs need is loaded where a policy asks for them.
 */
export async function prepareAuthority(
  authority: Authority,
  deps: AuthorityDeps,
): Promise<AuthorityCheck> {
  const { keys, roots, now } = deps;
  const { name, trustedRoot = 'public-good' } = authority;
  if (authority.type === 'keyless') {
    const { createKeylessCheck } = await import('./keyless-authority.ts');
    return createKeylessCheck(authority, await roots(trustedRoot, name), now);
  }
  if (authority.type === 'certificate') {
    const { createPkiCheck } = await import('./pki-authority.ts');
    const isTimed = authority.transparencyLog !== 'ignore';
    return createPkiCheck(authority, isTimed ? await roots(trustedRoot, name) : undefined, now);
  }
  const key = await keys(authority.key, name);
  if (authority.transparencyLog === 'ignore') return createKeyCheck(authority, key);
  const { createLogCheck } = await import('./log-check.ts');
  return createKeyCheck(authority, key, createLogCheck(key, await roots(trustedRoot, name), now));
}
