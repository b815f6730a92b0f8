import { CountersignError } from '#shared/core/errors.ts';

import { refuse } from './candidate.ts';
import { findKmsAlgorithm } from './kms-algorithm.ts';
import { fetchKmsKey, type KmsClientDeps } from './kms-client.ts';
import { readPublicKey, type TrustedKey } from './public-key.ts';

export interface KmsDeps extends KmsClientDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A version's key never changes, but it may be disabled: then it is to sign, and to approve, no more. */
const RECHECK_AFTER_MS = 10 * 60_000;

interface Held {
  readonly key: Promise<TrustedKey>;
  readonly until: number;
}

/**
 * Makes a loader of keys by their `gcpkms://` URI, each fetched once in a while however many ask. The algorithm is that
 * of the key version. A key that cannot be had now is not replaced by what it was: `key-unavailable`.
 */
export function createKmsKeys(deps: KmsDeps): (uri: string, owner: string) => Promise<TrustedKey> {
  // Keyed by URIs from the config, so its size is the config's.
  const held = new Map<string, Held>();
  return async function loadKmsKey(uri, owner) {
    const known = held.get(uri);
    if (known !== undefined && deps.now() < known.until) return known.key;
    const key = loadAfresh(uri, owner, deps);
    const entry = { key, until: deps.now() + RECHECK_AFTER_MS };
    held.set(uri, entry);
    try {
      return await key;
    } catch (error) {
      if (held.get(uri) === entry) held.delete(uri);
      throw error;
    }
  };
}

async function loadAfresh(uri: string, owner: string, deps: KmsDeps): Promise<TrustedKey> {
  const { pem, algorithm: name } = await fetchKmsKey(uri, owner, deps);
  const algorithm = findKmsAlgorithm(name);
  const trusted = await readPublicKey(pem, owner, algorithm?.scheme);
  if (algorithm === undefined) {
    const shown = JSON.stringify(name.slice(0, 64));
    const fix = 'make a key version with EC_SIGN_P256_SHA256';
    const refusal = refuse('unsupported-algorithm', `Cloud KMS key signs with ${shown}; ${fix}`);
    return { ...trusted, algorithm: refusal };
  }
  if (algorithm.isOf(trusted.key)) return trusted;
  const message = `Key of authority "${owner}" came from Cloud KMS as ${name}, which it is not`;
  throw new CountersignError('key-unavailable', message);
}
