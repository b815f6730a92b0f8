import { createHash, timingSafeEqual } from 'node:crypto';

import type { SignedEntity } from '@sigstore/verify';

import type { SignatureAlgorithm } from './algorithms.ts';
import type { Evidence } from './candidate.ts';

/**
 * What the sigstore library verifies, with the algorithm of the trusted key: its own content guesses from the message
 * and refuses Ed25519, PSS, and P-384 in DSSE (facts/signatures.md section 3).
 */
export function createSignatureContent(
  evidence: Evidence,
  algorithm: SignatureAlgorithm,
): SignedEntity['signature'] {
  const { signedBytes, signature } = evidence;
  const isDigestOfSignedBytes = (digest: Buffer): boolean =>
    isEqual(digest, createHash('sha256').update(signedBytes).digest());
  return {
    signature,
    compareSignature: (other) => isEqual(other, signature),
    compareDigest: isDigestOfSignedBytes,
    compareSignedDigest: isDigestOfSignedBytes,
    verifySignature: (key) => algorithm.verify(signedBytes, key, signature),
  };
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
