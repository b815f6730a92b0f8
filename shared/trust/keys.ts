import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { CountersignError } from '#shared/core/errors.ts';
import type { KeySource } from '#shared/core/policy.ts';

import { chooseAlgorithm, type SignatureAlgorithm } from './algorithms.ts';
import type { Refusal } from './candidate.ts';

/** A public key that a policy trusts. */
export interface TrustedKey {
  readonly key: KeyObject;
  /** base64 of SHA-256 over the SPKI DER: the hint that cosign 3 writes into a bundle. */
  readonly hint: string;
  /** The same for two spellings of one key: two authorities with it count once. */
  readonly thumbprint: string;
  /** Or why no signature of this key counts. */
  readonly algorithm: SignatureAlgorithm | Refusal;
}

/** Loads the key of the authority `owner`. Throws `bad-config` (not a public key), `key-unavailable`. */
export type KeyLoader = (source: KeySource, owner: string) => Promise<TrustedKey>;

const PUBLIC_KEY = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----$/;

/** Makes a loader that reads each key once. */
export function createKeyLoader(): KeyLoader {
  // Keyed by text from the config, so its size is the config's.
  const loaded = new Map<string, TrustedKey>();
  return async function loadKey(source, owner) {
    if ('kms' in source) {
      throw new CountersignError(
        'key-unavailable',
        `Key of authority "${owner}" is in Cloud KMS (${source.kms}), which is not supported: give the public key as pem or file`,
        { retry: false },
      );
    }
    const known = loaded.get(source.pem);
    if (known !== undefined) return known;
    const key = readPublicKey(source.pem, owner);
    loaded.set(source.pem, key);
    return key;
  };
}

/** Reads one PEM block. Throws `bad-config` that names `owner` and never shows what was given. */
export function readPublicKey(pem: string, owner: string): TrustedKey {
  const text = pem.trim();
  // Node derives the public key from a private one without a word: a leaked private key must not look right.
  if (text.includes('PRIVATE KEY')) {
    throw badKey(owner, 'is a private key: give the public key (cosign.pub), and replace the pair');
  }
  if (!PUBLIC_KEY.test(text)) throw badKey(owner, 'is not one PEM block "PUBLIC KEY"');
  const key = parseKey(text, owner);
  const spki = key.export({ type: 'spki', format: 'der' });
  const hint = createHash('sha256').update(spki).digest('base64');
  return { key, hint, thumbprint: thumbprintOf(key), algorithm: chooseAlgorithm(key) };
}

function parseKey(text: string, owner: string): KeyObject {
  try {
    return createPublicKey(text);
  } catch (cause) {
    throw badKey(owner, 'cannot be read as a public key', cause);
  }
}

/**
 * RFC 7638 in spirit: over the numbers of the key, for one point has a compressed and an uncompressed SPKI. Kinds
 * without a JWK form have one DER form.
 */
function thumbprintOf(key: KeyObject): string {
  const hash = createHash('sha256');
  try {
    return hash.update(JSON.stringify(key.export({ format: 'jwk' }))).digest('hex');
  } catch {
    return hash.update(key.export({ type: 'spki', format: 'der' })).digest('hex');
  }
}

function badKey(owner: string, problem: string, cause?: unknown): CountersignError {
  return new CountersignError('bad-config', `Key of authority "${owner}" ${problem}`, { cause });
}
