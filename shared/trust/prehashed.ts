import { constants, type KeyObject, publicDecrypt } from 'node:crypto';

import { p256 } from '@noble/curves/nist.js';

/** RFC 8017, section 9.2, note 1: DigestInfo of SHA-256, before the digest. */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/**
 * Verifies a signature over bytes of which only the SHA-256 is known, which Node's crypto cannot: ECDSA P-256 and RSA
 * PKCS #1 v1.5, the forms that hash so. False for any other.
 */
export function verifyPrehashed(digest: Buffer, key: KeyObject, signature: Buffer): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ec' && details?.namedCurve === 'prime256v1') {
    const { x = '', y = '' } = key.export({ format: 'jwk' });
    // SEC 1, section 2.3.3: an uncompressed point.
    const parts = [x, y].map((part) => Buffer.from(part, 'base64url'));
    const point = Buffer.concat([Buffer.from([0x04]), ...parts]);
    return p256.verify(signature, digest, point, {
      prehash: false,
      lowS: false,
      format: 'der',
    });
  }
  if (type !== 'rsa') return false;
  const info = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  return info.equals(Buffer.concat([SHA256_INFO, digest]));
}
