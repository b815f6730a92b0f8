import { CountersignError } from '#shared/core/errors.ts';
import type { KeylessAuthority } from '#shared/core/policy.ts';

import { type Refusal, refuse } from './candidate.ts';
import type { CertificateIdentity } from './certificate-identity.ts';
import { shown } from './shown.ts';

/** Whether a certificate is of the holder that a policy names: the subject that matched, or why not. */
export type IdentityCheck = (identity: CertificateIdentity) => { subject: string } | Refusal;

/** Makes the check of one authority. Throws `bad-config` for a pattern that a linear-time engine cannot run. */
export async function createIdentityCheck(authority: KeylessAuthority): Promise<IdentityCheck> {
  const { issuer, claims } = authority;
  const matches = await createSubjectMatch(authority);
  return function checkIdentity(identity) {
    if (identity.issuer !== issuer) {
      return refuse('wrong-issuer', `Issuer of the certificate is ${shown(identity.issuer)}`);
    }
    const subject = identity.subjects.find(matches);
    if (subject === undefined) {
      return refuse('wrong-identity', `Signer is ${shown(identity.subjects.join(', '))}`);
    }
    for (const [oid, value] of Object.entries(claims)) {
      const found = identity.claims.get(oid);
      if (found !== value) return refuse('wrong-identity', `Claim ${oid} is ${shown(found)}`);
    }
    return { subject };
  };
}

async function createSubjectMatch({
  name,
  subject: rule,
}: KeylessAuthority): Promise<(subject: string) => boolean> {
  if ('exact' in rule) return (subject) => subject === rule.exact;
  const { RE2JS } = await import('re2js');
  try {
    const pattern = RE2JS.compile(rule.pattern);
    // The whole subject, whether or not the pattern says so.
    return (subject) => pattern.matches(subject);
  } catch (cause) {
    const message = `Subject pattern of authority "${name}" does not compile: write RE2 syntax`;
    throw new CountersignError('bad-config', message, { cause });
  }
}
