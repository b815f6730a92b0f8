import { type KeyObject, X509Certificate } from 'node:crypto';

import { X509Certificate as ParsedCertificate } from '@sigstore/core';

import { isRefusal, type Refusal, refuse } from './candidate.ts';
import { type CertificateIdentity, readIdentity } from './certificate-identity.ts';

/** A signer's leaf: well formed and meant for signing code, issued by whoever. */
export interface Certificate {
  readonly der: Buffer;
  /** As the sigstore library verifies it. */
  readonly parsed: ParsedCertificate;
  readonly key: KeyObject;
  readonly identity: CertificateIdentity;
}

/** RFC 5280, section 4.2.1.12: id-kp-codeSigning. */
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** Whether `issuer` has signed a leaf; its name and its times are not looked at. */
export function isSignedBy(leaf: ParsedCertificate, issuer: ParsedCertificate): boolean {
  try {
    return leaf.verify(issuer);
  } catch {
    // A root may hold keys that Node cannot use.
    return false;
  }
}

/**
 * Reads a leaf: `malformed`, or `wrong-key-usage` where it was not issued for signing code. The sigstore library does
 * not look, so that a web server's certificate of the same authority would sign images (facts/signatures.md section 3).
 */
export function readCertificate(der: Buffer): Certificate | Refusal {
  try {
    const certificate = new X509Certificate(der);
    const parsed = ParsedCertificate.parse(Buffer.from(der));
    const identity = readIdentity(parsed);
    if (isRefusal(identity)) return identity;
    // Typed as if always there; without the extension it is undefined.
    const usages: readonly string[] | undefined = certificate.keyUsage;
    const isForCode = usages?.includes(CODE_SIGNING) ?? false;
    if (certificate.ca || !isForCode) {
      return refuse('wrong-key-usage', 'Certificate was not issued for signing code');
    }
    return { der, parsed, key: certificate.publicKey, identity };
  } catch {
    return refuse('malformed', 'Certificate cannot be read');
  }
}
