import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

import { CountersignError } from '#shared/core/errors.ts';

import {
  chooseAlgorithm,
  loadEd25519,
  type SignatureAlgorithm,
  type SignatureScheme,
} from './algorithms.ts';
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

const PUBLIC_KEY = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----$/;

/**
 * Reads one PEM block; `scheme` is how the key signs where its owner says so. Rejects with `bad-config` that names
 * `owner` and never shows what was given.
 */
export async function readPublicKey(
  pem: string,
  owner: string,
  scheme?: SignatureScheme,
): Promise<TrustedKey> {
  const text = pem.trim();
  // Node derives the public key from a private one without a word: a leaked private key must not look right.
  if (text.includes('PRIVATE KEY')) {
    throw badKey(owner, 'is a private key: give the public key (cosign.pub), and replace the pair');
  }
  if (!PUBLIC_KEY.test(text)) throw badKey(owner, 'is not one PEM block "PUBLIC KEY"');
  const key = parseKey(text, owner);
  const spki = key.export({ type: 'spki', format: 'der' });
  const hint = createHash('sha256').update(spki).digest('base64');
  const algorithm =
    key.asymmetricKeyType === 'ed25519' ? await loadEd25519() : chooseAlgorithm(key, scheme);
  return { key, hint, thumbprint: thumbprintOf(key), algorithm };
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
export function thumbprintOf(key: KeyObject): string {
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
