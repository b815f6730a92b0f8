import { CountersignError } from '#shared/core/errors.ts';
import type { Authority } from '#shared/core/policy.ts';

import type { Evidence, Refusal } from './candidate.ts';
import { createKeyCheck } from './key-authority.ts';
import type { KeyLoader } from './keys.ts';

/** One authority of a policy, ready to look at evidence. */
export interface AuthorityCheck {
  readonly name: string;
  /** Two authorities with the same principal are one: names alone do not make them distinct. */
  readonly principal: string;
  /** Never throws for what was pushed. */
  readonly check: (evidence: Evidence) => Acceptance | Refusal;
}

/** Who signed, as this authority knows it: a key's hint or a certificate's identity. */
export interface Acceptance {
  readonly identity: string;
}

/**
 * Makes an authority ready. Throws where it cannot be, and the policy then approves nothing: `key-unavailable`,
 * `trust-root-unavailable`, `bad-config`.
 */
export async function prepareAuthority(
  authority: Authority,
  loadKey: KeyLoader,
): Promise<AuthorityCheck> {
  if (authority.type === 'keyless') throw noTrustRoot(authority.name, 'is keyless');
  if (authority.transparencyLog === 'require') {
    throw noTrustRoot(authority.name, 'requires a transparency log');
  }
  return createKeyCheck(authority, await loadKey(authority.key, authority.name));
}

function noTrustRoot(name: string, what: string): CountersignError {
  const message = `Authority "${name}" ${what}, and no trust root can be loaded: use a key with transparencyLog ignore`;
  return new CountersignError('trust-root-unavailable', message, { retry: false });
}
