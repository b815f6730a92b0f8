import type { KeyObject } from 'node:crypto';

import type { RsaScheme } from './algorithms.ts';

/** How a version of a Cloud KMS key signs: its kind of key, and for RSA what the key does not say. */
export interface KmsAlgorithm {
  readonly isOf: (key: KeyObject) => boolean;
  readonly rsa?: RsaScheme;
}

const ELLIPTIC: ReadonlyMap<string, string> = new Map([
  ['EC_SIGN_P256_SHA256', 'prime256v1'],
  ['EC_SIGN_P384_SHA384', 'secp384r1'],
]);
const RSA = /^RSA_SIGN_(PKCS1|PSS)_(2048|3072|4096)_(SHA256|SHA512)$/;

/**
 * The `algorithm` of a key version (Cloud KMS v1, CryptoKeyVersionAlgorithm), where it signs what cosign writes;
 * undefined for any other, for raw RSA among them, which signs whatever it is given.
 */
export function findKmsAlgorithm(name: string): KmsAlgorithm | undefined {
  if (name === 'EC_SIGN_ED25519') return { isOf: (key) => key.asymmetricKeyType === 'ed25519' };
  const curve = ELLIPTIC.get(name);
  if (curve !== undefined) {
    return { isOf: (key) => key.asymmetricKeyDetails?.namedCurve === curve };
  }
  const [, padding, bits, hash] = RSA.exec(name) ?? [];
  if (hash === undefined) return undefined;
  return {
    isOf: ({ asymmetricKeyType, asymmetricKeyDetails }) =>
      asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.modulusLength === Number(bits),
    rsa: { padding: padding === 'PSS' ? 'pss' : 'pkcs1', hash: hash.toLowerCase() },
  };
}
