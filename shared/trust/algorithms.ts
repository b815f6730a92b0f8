import { constants, type KeyObject, verify } from 'node:crypto';

import type { SignatureHash } from '#shared/core/policy.ts';

import { type Refusal, refuse } from './candidate.ts';
import { encodingOf } from './ecdsa-signature.ts';
import { PURE_ED25519 } from './ed25519.ts';

/** How signatures of one kind of key are checked: chosen by the key that is trusted, never by what was pushed. */
export interface SignatureAlgorithm {
  /** Whether `signature` has the shape of one at all, whoever made it. */
  readonly isShaped: (signature: Buffer, key: KeyObject) => boolean;
  readonly verify: (bytes: Buffer, key: KeyObject, signature: Buffer) => boolean;
  /** For people: the kind of key, and the hashes that are tried. */
  readonly name: string;
}

/** What a key does not say of itself, where its owner does: Cloud KMS, or `hash` in the config. */
export interface SignatureScheme {
  /** Of an RSA key; absent: PKCS #1 v1.5, the only one that `cosign verify --key` reads. */
  readonly padding?: 'pkcs1' | 'pss';
  /** Absent: each hash that such a key signs with is tried, the likeliest first. */
  readonly hash?: SignatureHash;
}

/**
 * By curve, the likeliest first: cosign from 2.6 and Cloud KMS sign with the first, older cosign, Vault and openssl with
 * SHA-256 whatever the curve (cosign's `--signature-digest-algorithm` has the others).
 */
const ECDSA_HASHES: ReadonlyMap<string, readonly SignatureHash[]> = new Map([
  ['prime256v1', ['sha256', 'sha384', 'sha512']],
  ['secp384r1', ['sha384', 'sha256', 'sha512']],
  ['secp521r1', ['sha512', 'sha256', 'sha384']],
]);
const RSA_HASHES: readonly SignatureHash[] = ['sha256', 'sha512', 'sha384'];

/** The least that NIST SP 800-57 part 1 still allows: 112 bits of security. */
const MIN_RSA_BITS = 2048;
/** FIPS 186-5, appendix A.1.1; with an exponent of 1, anyone can sign. */
const MIN_RSA_EXPONENT = 65_537n;
const WEAK_CURVE = /^(?:prime192|secp1|sect1|c2[pt]nb1|wap-)/;
const USE = 'use ECDSA (P-256, P-384, P-521), Ed25519, or RSA of 2048 bits or more';

/**
 * The algorithm for a trusted key, or why the key is not used: `weak-key`, `unsupported-algorithm`. `scheme` is how the
 * key signs where its owner says so; without it the key decides family and strength, and its hashes are tried in turn.
 */
export function chooseAlgorithm(
  key: KeyObject,
  { padding = 'pkcs1', hash }: SignatureScheme = {},
): SignatureAlgorithm | Refusal {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return PURE_ED25519;
  if (type === 'rsa') {
    const pinned = padding === 'pss' ? (hash ?? 'sha256') : hash;
    return findWeakness(key) ?? createRsa(padding, pinned === undefined ? RSA_HASHES : [pinned]);
  }
  // RFC 4055 section 3.1: the key itself says that it signs with PSS, and may say with which hash.
  if (type === 'rsa-pss') {
    const own = RSA_HASHES.find((one) => one === (details?.hashAlgorithm ?? 'sha256'));
    if (own === undefined) {
      return refuse(
        'weak-key',
        `Key signs with ${details?.hashAlgorithm ?? 'nothing'}; use sha256`,
      );
    }
    return findWeakness(key) ?? createRsa('pss', [own]);
  }
  const curve = details?.namedCurve ?? '';
  const hashes = ECDSA_HASHES.get(curve);
  if (type === 'ec' && hashes !== undefined) {
    return createEcdsa(curve, hash === undefined ? hashes : [hash]);
  }
  const kind = `${type} ${curve}`.trim();
  const isWeak = type === 'dsa' || WEAK_CURVE.test(curve);
  return refuse(isWeak ? 'weak-key' : 'unsupported-algorithm', `Key is ${kind}; ${USE}`);
}

function findWeakness({ asymmetricKeyDetails }: KeyObject): Refusal | undefined {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = asymmetricKeyDetails ?? {};
  if (bits < MIN_RSA_BITS) {
    return refuse('weak-key', `Key has ${bits} bits; use ${MIN_RSA_BITS} or more`);
  }
  if (exponent >= MIN_RSA_EXPONENT && exponent % 2n === 1n) return undefined;
  return refuse('weak-key', `Key has the public exponent ${exponent}; use ${MIN_RSA_EXPONENT}`);
}

function createEcdsa(curve: string, hashes: readonly SignatureHash[]): SignatureAlgorithm {
  return {
    name: `ECDSA ${CURVE_NAMES[curve] ?? curve} with ${shownHashes(hashes)}`,
    isShaped: (signature, key) => encodingOf(signature, key) !== undefined,
    verify(bytes, key, signature) {
      // One encoding for one signature: what is DER is never read as P1363 too.
      const dsaEncoding = encodingOf(signature, key);
      if (dsaEncoding === undefined) return false;
      return hashes.some((hash) => verify(hash, bytes, { key, dsaEncoding }, signature));
    },
  };
}

const CURVE_NAMES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function createRsa(padding: 'pkcs1' | 'pss', hashes: readonly SignatureHash[]): SignatureAlgorithm {
  // The length of the salt is the signer's choice and proves nothing (RFC 8017 section 9.1): cosign takes any.
  const options =
    padding === 'pkcs1'
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return {
    name: `RSA ${padding === 'pss' ? 'PSS' : 'PKCS #1'} with ${shownHashes(hashes)}`,
    // RFC 8017 section 8: as long as the modulus.
    isShaped: (signature, { asymmetricKeyDetails }) =>
      signature.length === Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8),
    verify: (bytes, key, signature) =>
      hashes.some((hash) => verify(hash, bytes, { key, ...options }, signature)),
  };
}

function shownHashes(hashes: readonly SignatureHash[]): string {
  return hashes.map((hash) => hash.replace('sha', 'SHA-')).join(' or ');
}
