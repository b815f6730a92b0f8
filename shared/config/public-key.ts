import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Fault } from './problem.ts';

/** A public key in normal form, or why the text is none. The text is never repeated: it may be a private key. */
export type PublicKey = { readonly pem: string; readonly der: Buffer } | Fault;

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----/g;

/**
 * Reads one PEM block `PUBLIC KEY` (SPKI). Other blocks are refused, although Node would derive a public key from a
 * private one: a private key in a config has leaked.
 */
export function readPublicKey(text: string): PublicKey {
  const labels = [...text.matchAll(BLOCK)].map(([, label = '']) => label);
  const fix = 'Write one PEM block "PUBLIC KEY", as cosign public-key prints it';
  if (labels.some((label) => label.includes('PRIVATE'))) {
    return { problem: 'Is a private key', fix: `${fix}, and replace the key: it has been exposed` };
  }
  if (labels.length !== 1 || labels[0] !== 'PUBLIC KEY')
    return { problem: 'Is not one public key', fix };
  try {
    const key = normalise(createPublicKey({ key: text, format: 'pem' }));
    const der = key.export({ type: 'spki', format: 'der' });
    return { der, pem: key.export({ type: 'spki', format: 'pem' }).toString() };
  } catch {
    return { problem: 'Is not a public key that can be read', fix };
  }
}

/** Whether a key leaves it open which hash it signs with: `hash` in the config says it. */
export function hasManyHashes(pem: string): boolean {
  const { asymmetricKeyType: type } = createPublicKey(pem);
  return type === 'ec' || type === 'rsa';
}

/** One encoding for one key: SPKI has several for the same point of a curve, JWK has one. */
function normalise(key: KeyObject): KeyObject {
  try {
    return createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
  } catch {
    return key; // RSA-PSS keys have no JWK form
  }
}
