import { type KeyObject, verify } from 'node:crypto';

import type { SignatureAlgorithm } from './algorithms.ts';

/** RFC 8032 section 5.1.6: R and S. */
const SIGNATURE_BYTES = 64;

/** Ed25519 as Cloud KMS signs. */
export const PURE_ED25519: SignatureAlgorithm = {
  name: 'Ed25519',
  isShaped: (signature) => signature.length === SIGNATURE_BYTES,
  verify: (bytes, key, signature) => verify(null, bytes, key, signature),
};

/**
 * Ed25519 as anyone signs who holds the key: pure, or prehashed with SHA-512 (Ed25519ph, RFC 8032 section 5.1) as
 * cosign 2 and 3 do. The two separate their domains: no signature of one is one of the other, over any bytes.
 */
export async function loadEd25519(): Promise<SignatureAlgorithm> {
  // Node's crypto knows only the pure form; loaded where a policy has such a key.
  const { ed25519ph } = await import('@noble/curves/ed25519.js');
  return {
    ...PURE_ED25519,
    verify: (bytes, key, signature) =>
      PURE_ED25519.verify(bytes, key, signature) ||
      ed25519ph.verify(signature, bytes, rawKey(key), { zip215: false }),
  };
}

function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}
