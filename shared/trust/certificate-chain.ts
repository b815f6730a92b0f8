import { X509Certificate } from 'node:crypto';

import { X509Certificate as ParsedCertificate } from '@sigstore/core';

import { CountersignError } from '#shared/core/errors.ts';

import { CODE_SIGNING } from './certificate.ts';
import { MAX_CHAIN } from './limits.ts';
import { pemBlocks } from './pem.ts';

/** A certificate of an authority, as Node reads it and as the sigstore library verifies with it. */
export interface Issuer {
  readonly x509: X509Certificate;
  readonly parsed: ParsedCertificate;
}

/** RFC 5280, section 4.2.1.12: anyExtendedKeyUsage. */
const ANY_USAGE = '2.5.29.37.0';

/**
 * Extensions of an authority that may be critical: those that are looked at here or by the library, and policies, which
 * nobody asks for. Name constraints are not read, so that an authority with them is not trusted (as one that Go's
 * x509 package does not understand is not).
 */
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

/**
 * The authorities of a PEM file. Throws `bad-config` that names `owner` where there is no root among them, or one that
 * may not certify who signs code.
 */
export function readIssuers(pem: string, owner: string): readonly Issuer[] {
  const blocks = pemBlocks(pem, MAX_CHAIN);
  const issuers = blocks?.flatMap((der) => readIssuer(der) ?? []) ?? [];
  if (blocks === undefined || issuers.length !== blocks.length) {
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
export function extendIssuers(
  issuers: readonly Issuer[],
  attached: readonly Uint8Array[],
): readonly Issuer[] {
  const trusted = [...issuers];
  let others = attached.slice(0, MAX_CHAIN).flatMap((der) => readIssuer(der) ?? []);
  for (let before = -1; before !== others.length; ) {
    before = others.length;
    const isCertified = ({ x509 }: Issuer): boolean =>
      trusted.some((issuer) => isIssuedBy(x509, issuer.x509));
    const certified = others.filter(isCertified);
    trusted.push(...certified);
    others = others.filter((one) => !certified.includes(one));
  }
  return trusted;
}

/** Whether one certificate is issued and signed by another: names, key identifiers, key usage and signature. */
function isIssuedBy(x509: X509Certificate, issuer: X509Certificate): boolean {
  return x509.checkIssued(issuer) && x509.verify(issuer.publicKey);
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
export function hasOnlyReadExtensions(certificate: ParsedCertificate): boolean {
  return certificate.extensions.every(({ subs: [oid, critical] }) => {
    const isCritical = critical?.tag.isBoolean() === true && critical.toBoolean();
    return !isCritical || READ.has(oid?.toOID() ?? '');
  });
}

function badRoots(owner: string, problem: string): CountersignError {
  return new CountersignError('bad-config', `Roots of authority "${owner}" ${problem}`);
}
