import type { KeyObject } from 'node:crypto';

import * as z from 'zod';

import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { KeySource, SignatureHash } from '#shared/core/policy.ts';
import { askGoogle, GoogleFailure, trustsOrigin } from '#shared/net/google-rest.ts';

import type { SignatureScheme } from './algorithms.ts';
import { refuse } from './candidate.ts';
import { readPublicKey, type TrustedKey } from './public-key.ts';

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
export function createKeyLoader(deps: { readonly kms?: KmsDeps } = {}): KeyLoader {
  // Keyed by text from the config, so its size is the config's.
  const loaded = new Map<string, Promise<TrustedKey>>();
  const loadKmsKey = deps.kms === undefined ? undefined : createKmsKeys(deps.kms);
  return async function loadKey(source, owner) {
    if ('kms' in source) return (loadKmsKey ?? refuseKms)(source.kms, owner);
    const { pem, hash } = source;
    const id = `${hash ?? 'any'} ${pem}`;
    const key = loaded.get(id) ?? readPublicKey(pem, owner, defined({ hash }));
    loaded.set(id, key);
    return key;
  };
}

async function refuseKms(uri: string, owner: string): Promise<never> {
  const message = `Key of authority "${owner}" is in Cloud KMS (${uri}), which cannot be asked here: give the public key as pem or file`;
  throw new CountersignError('key-unavailable', message, { retry: false });
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

interface Held {
  readonly key: Promise<TrustedKey>;
  readonly until: number;
}

/**
 * Makes a loader of keys by their `gcpkms://` URI, each fetched once in a while however many ask. The algorithm is that
 * of the key version. A key that cannot be had now is not replaced by what it was: `key-unavailable`.
 */
function createKmsKeys(deps: KmsDeps): (uri: string, owner: string) => Promise<TrustedKey> {
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

/** How a version of a Cloud KMS key signs: its kind of key, and what the key does not say. */
interface KmsAlgorithm {
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
function findKmsAlgorithm(name: string): KmsAlgorithm | undefined {
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

/** What Cloud KMS says of a key version. */
interface KmsPublicKey {
  readonly pem: string;
  readonly algorithm: string;
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

/**
 * Reads the public key of the version that `uri` names, its checksum and name verified
 * (docs/facts/google-cloud.md#cloud-kms). Throws `key-unavailable`, with whether a retry may help.
 */
async function fetchKmsKey(
  uri: string,
  owner: string,
  { fetch, googleToken }: KmsDeps,
): Promise<KmsPublicKey> {
  const name = URI.exec(uri)?.[1];
  if (name === undefined) {
    const problem = 'is no gcpkms:// URI of a key version: write …/cryptoKeyVersions/1';
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
    const problem = 'came from Cloud KMS with another checksum: it was altered on the way';
    throw unavailable(owner, problem);
  }
  return { pem: answer.pem, algorithm: answer.algorithm };
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
