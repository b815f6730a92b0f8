import { CountersignError } from '#shared/core/errors.ts';
import type { KeylessAuthority, SubjectRule } from '#shared/core/policy.ts';
import { chooseAlgorithm } from './algorithms.ts';
import {
  type Acceptance,
  type AuthorityCheck,
  type Evidence,
  isRefusal,
  type Refusal,
  refuse,
  shown,
} from './candidate.ts';
import {
  type Certificate,
  type CertificateIdentity,
  isLogged,
  issuersOf,
  readCertificate,
} from './certificate.ts';
import type { Signed } from './proof-parts.ts';
import { findUnproved } from './prove.ts';
import { thumbprintOf } from './keys.ts';
import { type Proof, readProof } from './read-proof.ts';
import { createSignatureContent, findMissingClaim } from './verify-key.ts';
import type { TrustRoot } from './trusted-root.ts';

/** Bundles that may carry a chain in place of their leaf: version 0.3 took that away. */
const WITH_CHAIN = /=0\.[12]$/;

/**
 * Verifies signatures by holders of an identity, step by step in the order of sigstore's client specification
 * ("Verification"), but for the cheap looks, which come first: anyone can push a certificate with any name in it.
 *
 * @example
 * const { check } = await createKeylessCheck(authority, await roots('public-good', authority.name), now);
 */
export async function createKeylessCheck(
  authority: KeylessAuthority,
  root: TrustRoot,
  now: () => number,
): Promise<AuthorityCheck> {
  const { name, annotations, transparencyLog = 'require', ctLog = 'require' } = authority;
  const findSubject = await createIdentityCheck(authority);

  const check: AuthorityCheck['check'] = (evidence) => {
    // 1. A certificate came along with the signature, alone, and it is for signing code.
    const { proof } = evidence;
    if (proof.form === 'bundle' && proof.chain !== undefined && !WITH_CHAIN.test(proof.mediaType)) {
      return refuse('malformed', 'Bundle carries a chain, which its version does not have');
    }
    const signer = readSigner(evidence);
    if (isRefusal(signer)) return signer;
    const { certificate } = signer;
    // 2. Its identity is the one of the policy: issuer, subject and claims.
    const subject = findSubject(certificate.identity);
    if (isRefusal(subject)) return subject;
    // 3. An authority of the trusted root has issued it, and its key has made the signature.
    const signed = verifySignature(evidence, signer, root);
    if (isRefusal(signed)) return signed;
    // 4. Trusted logs and timestamp authorities have seen this signature, while certificate and logs were in use.
    const unproved = findUnproved(signed, { root, now, transparencyLog });
    if (unproved !== undefined) return unproved;
    // 5. A trusted certificate log has seen the certificate.
    if (ctLog === 'require' && !isLogged(certificate.parsed, root)) {
      return refuse('missing-sct', 'Certificate has no valid entry of a trusted certificate log');
    }
    return (
      // 6. The annotations of the policy are signed.
      findMissingClaim(evidence, annotations) ??
      // Whatever rule it fits: exact or pattern, with more claims, by another root.
      acceptHolder(certificate, certificate.identity.issuer ?? null, subject.name)
    );
  };

  return { name, slow: true, check };
}

/** Who signed, and what proves it: well formed, and still unauthenticated. */
export interface Signer {
  readonly proof: Proof;
  readonly certificate: Certificate;
}

/** What came along with a signature by a certificate: `malformed`, or `wrong-key-usage`, where it is no such thing. */
export function readSigner(evidence: Evidence): Signer | Refusal {
  if (evidence.material.type !== 'certificate') {
    return refuse('wrong-identity', 'Signature is by a key, and the policy names an identity');
  }
  const proof = readProof(evidence.proof);
  if (isRefusal(proof)) return proof;
  const certificate = readCertificate(proof.certificate ?? Buffer.alloc(0));
  return isRefusal(certificate) ? certificate : { proof, certificate };
}

/** The signature as its certificate verifies it, once an authority of `root` is known to have issued that. */
export function verifySignature(
  evidence: Evidence,
  { proof, certificate }: Signer,
  root: TrustRoot,
): Signed | Refusal {
  if (issuersOf(certificate.parsed, root).length === 0) {
    return refuse('untrusted-root', 'Certificate is not by an authority of the trusted root');
  }
  const { key } = certificate;
  const algorithm = chooseAlgorithm(key);
  if (isRefusal(algorithm)) return algorithm;
  const content = createSignatureContent(evidence, algorithm);
  if (!algorithm.isShaped(evidence.signature, key) || !content.verifySignature(key)) {
    return refuse('bad-signature', 'Signature does not verify with its certificate');
  }
  return { content, proof, key, certificate };
}

/** Signers are counted by issuer and subject; a key that is certified and that another authority names is one signer. */
export function acceptHolder(
  { key }: Certificate,
  issuer: string | null,
  subject: string,
): Acceptance {
  const signer = [`identity ${JSON.stringify([issuer, subject])}`, `key ${thumbprintOf(key)}`];
  return { identity: subject, signer };
}

/** Makes the look whether a certificate is of the holder that a policy names: the subject that matched, or why not. */
async function createIdentityCheck(
  authority: KeylessAuthority,
): Promise<(identity: CertificateIdentity) => { readonly name: string } | Refusal> {
  const { name, issuer, subject: rule, claims } = authority;
  const issuerRule = typeof issuer === 'string' ? { exact: issuer } : issuer;
  const isIssuer = await createPatternMatch(issuerRule, name);
  const matches = await createPatternMatch(rule, name);
  return function findSubject(identity) {
    if (identity.issuer === undefined || !isIssuer(identity.issuer)) {
      const detail = `Issuer of the certificate is ${shown(identity.issuer)}, and the policy names ${shownRule(issuerRule)}`;
      return refuse('wrong-issuer', detail);
    }
    const subject = identity.subjects.find(matches);
    if (subject === undefined) {
      // Names of other kinds, DNS names say, are no subjects here: what is there is shown all the same.
      const seen = identity.subjects.length > 0 ? identity.subjects : identity.names;
      const detail = `Signer is ${shown(seen.join(', '))}, and the policy names ${shownRule(rule)}`;
      return refuse('wrong-identity', detail);
    }
    for (const [oid, value] of Object.entries(claims)) {
      const found = identity.claims.get(oid);
      if (found === value) continue;
      const detail = `Claim ${oid} is ${shown(found)}, and the policy asks for ${shown(value)}`;
      return refuse('wrong-identity', detail);
    }
    return { name: subject };
  };
}

/**
 * Makes the check whether a whole text is the one of a rule. Throws `bad-config` for a pattern that cannot be run.
 *
 * @example
 * const matches = await createPatternMatch({ exact: 'release@example.com' }, 'ci');
 */
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
