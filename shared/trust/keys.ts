import { CountersignError } from '#shared/core/errors.ts';
import type { KeySource } from '#shared/core/policy.ts';

import { createKmsKeys, type KmsDeps } from './kms-keys.ts';
import { readPublicKey, type TrustedKey } from './public-key.ts';

/** Loads the key of the authority `owner`. Throws `bad-config` (not a public key), `key-unavailable`. */
export type KeyLoader = (source: KeySource, owner: string) => Promise<TrustedKey>;

/**
 * Makes a loader that reads each PEM key once, and keys of Cloud KMS anew from time to time. Without `kms` there are no
 * keys of Cloud KMS.
 */
export function createKeyLoader(deps: { readonly kms?: KmsDeps } = {}): KeyLoader {
  // Keyed by text from the config, so its size is the config's.
  const loaded = new Map<string, Promise<TrustedKey>>();
  const loadKmsKey = deps.kms === undefined ? undefined : createKmsKeys(deps.kms);
  return async function loadKey(source, owner) {
    if ('kms' in source) return (loadKmsKey ?? refuseKms)(source.kms, owner);
    const { pem, hash } = source;
    const id = `${hash ?? 'any'} ${pem}`;
    const known = loaded.get(id);
    if (known !== undefined) return known;
    const key = readPublicKey(pem, owner, hash === undefined ? {} : { hash });
    loaded.set(id, key);
    return key;
  };
}

async function refuseKms(uri: string, owner: string): Promise<never> {
  const message = `Key of authority "${owner}" is in Cloud KMS (${uri}), which cannot be asked here: give the public key as pem or file`;
  throw new CountersignError('key-unavailable', message, { retry: false });
}
