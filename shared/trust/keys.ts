import { cutText } from '#shared/core/foreign-text.ts';
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { KeySource, SignatureHash } from '#shared/core/policy.ts';
import { askGoogle, GoogleFailure, trustsOrigin } from '#shared/net/google-rest.ts';
import {
  chooseAlgorithm,
  loadEd25519,
  type SignatureAlgorithm,
  type SignatureScheme,
} from './algorithms.ts';
import { type Refusal, refuse } from './candidate.ts';

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

/** Reads one PEM block, whose owner may say how it signs. Throws `bad-config` that never shows what was given. */
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
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch (cause) {
    throw badKey(owner, 'cannot be read as a public key', cause);
  }
  const spki = key.export({ type: 'spki', format: 'der' });
  const hint = createHash('sha256').update(spki).digest('base64');
  const algorithm =
    key.asymmetricKeyType === 'ed25519' ? await loadEd25519() : chooseAlgorithm(key, scheme);
  return { key, hint, thumbprint: thumbprintOf(key), algorithm };
}

/** As RFC 7638, over the numbers of the key: one point has two SPKIs. Kinds without a JWK form have one DER form. */
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

/** Loads the key of the authority `owner`. Throws `bad-config` (not a public key), `key-unavailable`. */
export type KeyLoader = (source: KeySource, owner: string) => Promise<TrustedKey>;

/**
 * Makes a loader that reads each PEM key once, and keys of Cloud KMS anew from time to time. Without `kms` there are no
 * keys of Cloud KMS.
 *
 * @example
 * const keys = createKeyLoader({ kms: { fetch, googleToken, now } });
 * const { key, hint } = await keys({ kms: 'gcpkms://projects/…/cryptoKeyVersions/1' }, 'release');
 */
export function createKeyLoader({ kms }: { readonly kms?: KmsDeps } = {}): KeyLoader {
  // Keyed by text from the config, so its size is the config's.
  const kept = new Map<string, { readonly key: Promise<TrustedKey>; readonly until: number }>();
  const now = kms?.now ?? (() => 0);

  return async function loadKey(source, owner) {
    const isKms = 'kms' in source;
    const id = isKms ? source.kms : `${source.hash ?? 'any'} ${source.pem}`;
    const known = kept.get(id);
    if (known !== undefined && now() < known.until) return known.key;
    const key = isKms
      ? loadKmsKey(source.kms, owner, kms)
      : readPublicKey(source.pem, owner, defined({ hash: source.hash }));
    const entry = { key, until: isKms ? now() + RECHECK_AFTER_MS : Number.POSITIVE_INFINITY };
    kept.set(id, entry);
    try {
      return await key;
    } catch (error) {
      // What cannot be had now is not what it was before.
      if (kept.get(id) === entry) kept.delete(id);
      throw error;
    }
  };
}

export interface KmsDeps {
  readonly fetch: typeof fetch;
  /** An access token of our own Google identity. */
  readonly googleToken: () => Promise<string>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A version's key never changes, but it may be disabled: then it is to sign, and to approve, no more. */
const RECHECK_AFTER_MS = 10 * 60_000;

/** The key of a version in Cloud KMS, with the algorithm of that version. */
async function loadKmsKey(
  uri: string,
  owner: string,
  deps: KmsDeps | undefined,
): Promise<TrustedKey> {
  if (deps === undefined) {
    const problem = `is in Cloud KMS (${uri}), which cannot be asked here: give the public key as pem or file`;
    throw unavailable(owner, problem, { retry: false });
  }
  const { pem, algorithm: name } = await fetchKmsKey(uri, owner, deps);
  const algorithm = findKmsAlgorithm(name);
  const trusted = await readPublicKey(pem, owner, algorithm?.scheme);
  if (algorithm === undefined) {
    const detail = `Cloud KMS key signs with ${JSON.stringify(cutText(name, 64))}; make a key version with EC_SIGN_P256_SHA256`;
    return { ...trusted, algorithm: refuse('unsupported-algorithm', detail) };
  }
  if (algorithm.isOf(trusted.key)) return trusted;
  const message = `Key of authority "${owner}" came from Cloud KMS as ${name}, which it is not`;
  throw new CountersignError('key-unavailable', message);
}

/** How a version of a Cloud KMS key signs: its kind of key, and what the key does not say. */
interface KmsAlgorithm {
  readonly isOf: (key: KeyObject) => boolean;
  readonly scheme?: SignatureScheme;
}

function onCurve(curve: string, hash: SignatureHash): KmsAlgorithm {
  return { isOf: (key) => key.asymmetricKeyDetails?.namedCurve === curve, scheme: { hash } };
}

const ELLIPTIC: ReadonlyMap<string, KmsAlgorithm> = new Map([
  ['EC_SIGN_ED25519', { isOf: (key: KeyObject) => key.asymmetricKeyType === 'ed25519' }],
  ['EC_SIGN_P256_SHA256', onCurve('prime256v1', 'sha256')],
  ['EC_SIGN_P384_SHA384', onCurve('secp384r1', 'sha384')],
]);
const RSA = /^RSA_SIGN_(PKCS1|PSS)_(2048|3072|4096)_(SHA256|SHA512)$/;

/** The `algorithm` of a version that signs what cosign writes: not raw RSA, which signs whatever it is given. */
function findKmsAlgorithm(name: string): KmsAlgorithm | undefined {
  const [, padding, bits, hash] = RSA.exec(name) ?? [];
  if (padding === undefined) return ELLIPTIC.get(name);
  return {
    isOf: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
      type === 'rsa' && details?.modulusLength === Number(bits),
    scheme: {
      padding: padding === 'PSS' ? 'pss' : 'pkcs1',
      hash: hash === 'SHA512' ? 'sha512' : 'sha256',
    },
  };
}

/** The token goes here and nowhere else (law 9). */
const ORIGIN = 'https://cloudkms.googleapis.com';
/** As the config room lets through; checked here too, for it goes into a URL. */
const URI =
  /^gcpkms:\/\/(projects\/[a-z0-9.:-]+\/locations\/[a-z0-9-]+\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+\/cryptoKeyVersions\/[0-9]+)$/;
const TIMEOUT_MS = 5_000;
/** An RSA key of 4096 bits is 800 characters of PEM. */
const MAX_ANSWER_BYTES = 64 * 1024;
const STATE = /\b(?:DISABLED|DESTROYED|DESTROY_SCHEDULED|PENDING_GENERATION|PENDING_IMPORT)\b/;

/** Cloud KMS v1, PublicKey. Its checksum is an int64, so JSON has it as text. */
const answerSchema = z.object({
  pem: z.string(),
  algorithm: z.string(),
  pemCrc32c: z.string(),
  name: z.string(),
});

/** Reads a public key, its name and checksum verified (docs/facts/google-cloud.md#cloud-kms): or `key-unavailable`. */
async function fetchKmsKey(
  uri: string,
  owner: string,
  { fetch, googleToken }: KmsDeps,
): Promise<z.infer<typeof answerSchema>> {
  const name = URI.exec(uri)?.[1];
  if (name === undefined) {
    const problem = 'is not a gcpkms:// URI of a key version: write …/cryptoKeyVersions/1';
    throw unavailable(owner, problem, { retry: false });
  }
  const url = new URL(`${ORIGIN}/v1/${name}/publicKey`);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const ask = { url, signal, maxBytes: MAX_ANSWER_BYTES };
  const identity = { googleToken, trusts: trustsOrigin(ORIGIN) };
  const json = await askGoogle(ask, { fetch, identity }).catch((error: unknown) => {
    throw toUnavailable(error, owner);
  });
  const answer = answerSchema.safeParse(json).data;
  if (answer === undefined) throw unavailable(owner, 'came from Cloud KMS in an unknown form');
  if (answer.name !== name) throw unavailable(owner, 'came from Cloud KMS under another name');
  if (answer.pemCrc32c !== String(crc32c(Buffer.from(answer.pem)))) {
    throw unavailable(
      owner,
      'came from Cloud KMS with another checksum: it was altered on the way',
    );
  }
  return answer;
}

/** AIP-193: 400 with FAILED_PRECONDITION is what a version that is not enabled answers. */
function toUnavailable(error: unknown, owner: string): unknown {
  if (!(error instanceof GoogleFailure)) return error;
  const { httpStatus: status, message, cause, enable } = error;
  const lasting = { cause, retry: false };
  if (status === 403 || status === 401) {
    const fix = enable ?? 'grant roles/cloudkms.publicKeyViewer on it';
    return unavailable(owner, `may not be read (${status}): ${fix}`, lasting);
  }
  if (status === 404) {
    const fix = 'name a version that exists';
    return unavailable(owner, `is not in Cloud KMS (404): ${fix}`, lasting);
  }
  if (status === 400) {
    const [state = 'not enabled'] = STATE.exec(message) ?? [];
    const fix = 'enable the version, or name another';
    return unavailable(owner, `is ${state} in Cloud KMS: ${fix}`, lasting);
  }
  const retry = cause === undefined || toFailure(cause).retry;
  return unavailable(owner, `cannot be read from Cloud KMS: ${message}`, { cause, retry });
}

function unavailable(
  owner: string,
  problem: string,
  options: { cause?: unknown; retry?: boolean } = {},
): CountersignError {
  return new CountersignError('key-unavailable', `Key of authority "${owner}" ${problem}`, options);
}

/** Castagnoli's polynomial, bits reversed (RFC 9260 appendix A); Node's `zlib.crc32` has another. */
const POLYNOMIAL = 0x82f63b78;

/** CRC-32C as an unsigned number: what Google's APIs send along with keys. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
