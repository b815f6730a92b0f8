import type { CertificateAuthority } from '#shared/core/policy.ts';

import type { AuthorityCheck } from './authority.ts';
import { refuse } from './candidate.ts';
import { extendIssuers, hasOnlyReadExtensions, readIssuers } from './certificate-chain.ts';
import { createPatternMatch } from './identity.ts';
import { createLeafCheck } from './keyless-authority.ts';
import { shown } from './shown.ts';
import type { TrustRoot } from './trusted-root.ts';

/** Each certificate has its own period. */
const ALWAYS = { start: new Date(0), end: new Date(8.64e15) };
const NO_SERVICES: TrustRoot = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
};

/**
 * Checks signatures by holders of certificates of one's own PKI: a leaf for code signing that chains to the roots of the
 * policy, through intermediates of the policy or of the signature, with a name that the policy names, and in use at a
 * time that a log or timestamp authority of `services` vouches for, or now. Throws `bad-config` for roots that are none.
 */
export async function createPkiCheck(
  authority: CertificateAuthority,
  services: TrustRoot | undefined,
  now: () => number,
): Promise<AuthorityCheck> {
  const { name, roots, subject: rule, annotations, transparencyLog } = authority;
  const issuers = readIssuers(roots, name);
  const matches = await createPatternMatch(rule, name);
  return createLeafCheck({
    name,
    annotations,
    now,
    rules: { transparencyLog, ctLog: 'ignore' },
    identify({ identity: { names }, parsed }) {
      const subject = names.find(matches);
      if (subject === undefined) {
        return refuse('wrong-identity', `Certificate is of ${shown(names.join(', '))}`);
      }
      if (!hasOnlyReadExtensions(parsed)) {
        return refuse('malformed', 'Certificate has a critical extension that is not read');
      }
      return { subject, signer: JSON.stringify([null, subject]) };
    },
    takesChain: true,
    rootFor({ chain }) {
      const certChain = extendIssuers(issuers, chain).map(({ parsed }) => parsed);
      return {
        ...(services ?? NO_SERVICES),
        certificateAuthorities: [{ certChain, validFor: ALWAYS }],
      };
    },
  });
}
