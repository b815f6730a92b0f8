import { X509Certificate } from 'node:crypto';
import { X509Certificate as ParsedCertificate } from '@sigstore/core';
import { CountersignError } from '#shared/core/errors.ts';
import type { CertificateAuthority } from '#shared/core/policy.ts';
import { type AuthorityCheck, isRefusal, refuse, shown } from './candidate.ts';
import { CODE_SIGNING } from './certificate.ts';
import { pemBlocks } from './foreign-bytes.ts';
import { MAX_CHAIN } from './limits.ts';
import { findUnproved } from './prove.ts';
import { findMissingClaim } from './verify-key.ts';
import type { TrustRoot } from './trusted-root.ts';
import { acceptHolder, createPatternMatch, readSigner, verifySignature } from './verify-keyless.ts';

/** Each certificate has its own period. */
const ALWAYS = { start: new Date(0), end: new Date(8.64e15) };
const NO_SERVICES = { timestampAuthorities: [], tlogs: [], ctlogs: [] };

/**
 * Verifies signatures by holders of certificates of one's own PKI, step by step: a leaf for code signing, with a name that
 * the policy names, that chains to the roots of the policy through intermediates of the policy or of the signature, and
 * in use at a time that a log or timestamp authority of `services` vouches for, or now. Throws `bad-config` for roots
 * that are none.
 *
 * @example
 * const { check } = await createPkiCheck(authority, undefined, now);
 */
export async function createPkiCheck(
  authority: CertificateAuthority,
  services: TrustRoot | undefined,
  now: () => number,
): Promise<AuthorityCheck> {
  const { name, roots, subject: rule, annotations, transparencyLog } = authority;
  const issuers = readIssuers(roots, name);
  const matches = await createPatternMatch(rule, name);

  const check: AuthorityCheck['check'] = (evidence) => {
    // 1. A certificate came along with the signature, perhaps with a chain, and it is for signing code.
    const signer = readSigner(evidence);
    if (isRefusal(signer)) return signer;
    const { certificate, proof } = signer;
    // 2. It names whom the policy names, and says nothing critical that is not read.
    const { names } = certificate.identity;
    const subject = names.find(matches);
    if (subject === undefined) {
      return refuse('wrong-identity', `Certificate is of ${shown(names.join(', '))}`);
    }
    if (!hasOnlyReadExtensions(certificate.parsed)) {
      return refuse('malformed', 'Certificate has a critical extension that is not read');
    }
    // 3. A root of the policy, or what it certified of the chain, has issued it; its key has made the signature.
    const certChain = extendIssuers(issuers, proof.chain).map(({ parsed }) => parsed);
    const certificateAuthorities = [{ certChain, validFor: ALWAYS }];
    const root = { ...(services ?? NO_SERVICES), certificateAuthorities };
    const signed = verifySignature(evidence, signer, root);
    if (isRefusal(signed)) return signed;
    return (
      // 4. Trusted logs or timestamp authorities have seen this signature, while the whole chain was in use; or it is now.
      findUnproved(signed, { root, now, transparencyLog }) ??
      // 5. The annotations of the policy are signed.
      findMissingClaim(evidence, annotations) ??
      acceptHolder(certificate, null, subject)
    );
  };

  return { name, slow: true, check };
}

/** A certificate of an authority, as Node reads it and as the sigstore library verifies with it. */
interface Issuer {
  readonly x509: X509Certificate;
  readonly parsed: ParsedCertificate;
}

/** RFC 5280, section 4.2.1.12: anyExtendedKeyUsage. */
const ANY_USAGE = '2.5.29.37.0';

/** Extensions that may be critical: those that are read here or by the library, and policies; no name constraints. */
const READ: ReadonlySet<string> = new Set([
  '2.5.29.14', // subject key identifier
  '2.5.29.15', // key usage
  '2.5.29.17', // subject alternative name
  '2.5.29.19', // basic constraints
  '2.5.29.32', // certificate policies
  '2.5.29.35', // authority key identifier
  '2.5.29.37', // extended key usage
]);
const NAME_CONSTRAINTS = '2.5.29.30';

/** The authorities of a PEM file. Throws `bad-config` for no root, or one that may not certify who signs code. */
function readIssuers(pem: string, owner: string): readonly Issuer[] {
  const blocks = pemBlocks(pem, MAX_CHAIN);
  const issuers = blocks?.flatMap((der) => readIssuer(der) ?? []) ?? [];
  if (issuers.length !== blocks?.length) {
    throw badRoots(owner, 'hold something else than certificates of authorities for code signing');
  }
  if (!issuers.some(({ parsed }) => parsed.subject.equals(parsed.issuer))) {
    throw badRoots(owner, 'hold no root, which is signed by itself');
  }
  return issuers;
}

/**
 * The authorities with those of the attached certificates that they certify, directly or through each other; the sigstore
 * library then builds the path, with lengths and times. Attached roots, and what cannot be read, are left out.
 */
function extendIssuers(
  issuers: readonly Issuer[],
  attached: readonly Uint8Array[],
): readonly Issuer[] {
  const trusted = [...issuers];
  let others = attached.slice(0, MAX_CHAIN).flatMap((der) => readIssuer(der) ?? []);
  for (let before = -1; before !== others.length; ) {
    before = others.length;
    // Names, key identifiers and key usage fit, and the signature verifies.
    const certified = others.filter(({ x509 }) =>
      trusted.some(({ x509: issuer }) => x509.checkIssued(issuer) && x509.verify(issuer.publicKey)),
    );
    trusted.push(...certified);
    others = others.filter((one) => !certified.includes(one));
  }
  return trusted;
}

function readIssuer(der: Uint8Array): Issuer | undefined {
  try {
    const x509 = new X509Certificate(der);
    const parsed = ParsedCertificate.parse(Buffer.from(der));
    // Typed as if always there; without the extension it is undefined.
    const usages: readonly string[] | undefined = x509.keyUsage;
    const isForCode =
      usages === undefined || usages.includes(CODE_SIGNING) || usages.includes(ANY_USAGE);
    const isReadWhole =
      hasOnlyReadExtensions(parsed) && parsed.extension(NAME_CONSTRAINTS) === undefined;
    return parsed.isCA && x509.ca && isForCode && isReadWhole ? { x509, parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 5280, section 4.2: what is critical and not understood refuses a certificate. */
function hasOnlyReadExtensions(certificate: ParsedCertificate): boolean {
  return certificate.extensions.every(({ subs: [oid, critical] }) => {
    const isCritical = critical?.tag.isBoolean() === true && critical.toBoolean();
    return !isCritical || READ.has(oid?.toOID() ?? '');
  });
}

function badRoots(owner: string, problem: string): CountersignError {
  return new CountersignError('bad-config', `Roots of authority "${owner}" ${problem}`);
}
