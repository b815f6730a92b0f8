import { CountersignError } from '#shared/core/errors.ts';
import type { KeylessAuthority, SubjectRule } from '#shared/core/policy.ts';

import { type Refusal, refuse } from './candidate.ts';
import type { CertificateIdentity } from './certificate-identity.ts';
import { shown } from './shown.ts';

/** Whether a certificate is of the holder that a policy names: the subject that matched, or why not. */
export type IdentityCheck = (identity: CertificateIdentity) => { subject: string } | Refusal;

/** Makes the check of one authority. Throws `bad-config` for a pattern that a linear-time engine cannot run. */
export async function createIdentityCheck(authority: KeylessAuthority): Promise<IdentityCheck> {
  const { name, issuer, subject: rule, claims } = authority;
  const issuerRule = typeof issuer === 'string' ? { exact: issuer } : issuer;
  const isIssuer = await createPatternMatch(issuerRule, name);
  const matches = await createPatternMatch(rule, name);
  return function checkIdentity(identity) {
    if (identity.issuer === undefined || !isIssuer(identity.issuer)) {
      return refuse(
        'wrong-issuer',
        `Issuer of the certificate is ${shown(identity.issuer)}, and the policy names ${shownRule(issuerRule)}`,
      );
    }
    const subject = identity.subjects.find(matches);
    if (subject === undefined) {
      // Names of other kinds, DNS names say, are no subjects here: what is there is shown all the same.
      const seen = identity.subjects.length > 0 ? identity.subjects : identity.names;
      return refuse(
        'wrong-identity',
        `Signer is ${shown(seen.join(', '))}, and the policy names ${shownRule(rule)}`,
      );
    }
    for (const [oid, value] of Object.entries(claims)) {
      const found = identity.claims.get(oid);
      if (found === value) continue;
      return refuse(
        'wrong-identity',
        `Claim ${oid} is ${shown(found)}, and the policy asks for ${shown(value)}`,
      );
    }
    return { subject };
  };
}

/** Whether a whole text is the one of a rule. Throws `bad-config` that names `owner` for a pattern that cannot be run. */
export async function createPatternMatch(
  rule: SubjectRule,
  owner: string,
): Promise<(text: string) => boolean> {
  if ('exact' in rule) return (text) => text === rule.exact;
  const { RE2JS } = await import('re2js');
  try {
    const pattern = RE2JS.compile(rule.pattern);
    // The whole text, whether or not the pattern says so.
    return (text) => pattern.matches(text);
  } catch (cause) {
    const message = `Pattern of authority "${owner}" does not compile: write RE2 syntax`;
    throw new CountersignError('bad-config', message, { cause });
  }
}

function shownRule(rule: SubjectRule): string {
  return 'exact' in rule ? shown(rule.exact) : `the pattern ${shown(rule.pattern)}`;
}
