import type { KeyObject } from 'node:crypto';

import type { SignatureHash } from '#shared/core/policy.ts';

import type { SignatureScheme } from './algorithms.ts';

/** How a version of a Cloud KMS key signs: its kind of key, and what the key does not say. */
export interface KmsAlgorithm {
  readonly isOf: (key: KeyObject) => boolean;
  readonly scheme?: SignatureScheme;
}

const ELLIPTIC: ReadonlyMap<string, readonly [curve: string, hash: SignatureHash]> = new Map([
  ['EC_SIGN_P256_SHA256', ['prime256v1', 'sha256']],
  ['EC_SIGN_P384_SHA384', ['secp384r1', 'sha384']],
]);
const RSA = /^RSA_SIGN_(PKCS1|PSS)_(2048|3072|4096)_(SHA256|SHA512)$/;

/**
 * The `algorithm` of a key version (Cloud KMS v1, CryptoKeyVersionAlgorithm), where it signs what cosign writes;
 * undefined for any other, for raw RSA among them, which signs whatever it is given.
 */
export function findKmsAlgorithm(name: string): KmsAlgorithm | undefined {
  if (name === 'EC_SIGN_ED25519') return { isOf: (key) => key.asymmetricKeyType === 'ed25519' };
  const [curve, curveHash] = ELLIPTIC.get(name) ?? [];
  if (curveHash !== undefined) {
    return {
      isOf: (key) => key.asymmetricKeyDetails?.namedCurve === curve,
      scheme: { hash: curveHash },
    };
  }
  const [, padding, bits, hash] = RSA.exec(name) ?? [];
  if (hash === undefined) return undefined;
  return {
    isOf: ({ asymmetricKeyType, asymmetricKeyDetails }) =>
      asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.modulusLength === Number(bits),
    scheme: {
      padding: padding === 'PSS' ? 'pss' : 'pkcs1',
      hash: hash === 'SHA512' ? 'sha512' : 'sha256',
    },
  };
}
