import { constants, type KeyObject, publicDecrypt } from 'node:crypto';

import { p256, p384, p521 } from '@noble/curves/nist.js';

import { encodingOf } from './ecdsa-signature.ts';

/** RFC 8017, section 9.2, note 1: DigestInfo of SHA-256, before the digest. */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const CURVES = new Map([
  ['prime256v1', p256],
  ['secp384r1', p384],
  ['secp521r1', p521],
]);

/**
 * Verifies a signature over bytes of which only the SHA-256 is known, which Node's crypto cannot: ECDSA and RSA PKCS #1
 * v1.5 that hash so. False for any other.
 */
export function verifyPrehashed(digest: Buffer, key: KeyObject, signature: Buffer): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const curve = type === 'ec' ? CURVES.get(details?.namedCurve ?? '') : undefined;
  if (curve !== undefined) {
    const encoding = encodingOf(signature, key);
    if (encoding === undefined) return false;
    const { x = '', y = '' } = key.export({ format: 'jwk' });
    // SEC 1, section 2.3.3: an uncompressed point.
    const parts = [x, y].map((part) => Buffer.from(part, 'base64url'));
    const point = Buffer.concat([Buffer.from([0x04]), ...parts]);
    return curve.verify(signature, digest, point, {
      prehash: false,
      lowS: false,
      format: encoding === 'der' ? 'der' : 'compact',
    });
  }
  if (type !== 'rsa') return false;
  const info = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  return info.equals(Buffer.concat([SHA256_INFO, digest]));
}
