import { constants, type KeyObject, verify } from 'node:crypto';

import { type Refusal, refuse } from './candidate.ts';
import { isEcdsaSignature } from './ecdsa-signature.ts';
import { PURE_ED25519 } from './ed25519.ts';

/** How signatures of one kind of key are checked: chosen by the key that is trusted, never by what was pushed. */
export interface SignatureAlgorithm {
  /** Whether `signature` has the shape of one at all, whoever made it. */
  readonly isShaped: (signature: Buffer, key: KeyObject) => boolean;
  readonly verify: (bytes: Buffer, key: KeyObject, signature: Buffer) => boolean;
}

/** What an RSA key does not say of itself. */
export interface RsaScheme {
  readonly padding: 'pkcs1' | 'pss';
  readonly hash: string;
}

/** What cosign 2 and 3 sign with when they hold an RSA key (docs/signatures.md). */
const COSIGN_RSA: RsaScheme = { padding: 'pkcs1', hash: 'sha256' };

/** By curve: the hash that cosign 2 and 3 and Cloud KMS sign with. */
const ECDSA_HASHES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);

/** The least that NIST SP 800-57 part 1 still allows: 112 bits of security. */
const MIN_RSA_BITS = 2048;
/** FIPS 186-5, appendix A.1.1; with an exponent of 1, anyone can sign. */
const MIN_RSA_EXPONENT = 65_537n;
const WEAK_CURVE = /^(?:prime192|secp1|sect1|c2[pt]nb1|wap-)/;
const RSA_HASHES: ReadonlySet<string> = new Set(['sha256', 'sha384', 'sha512']);
const USE = 'use ECDSA (P-256, P-384, P-521), Ed25519, or RSA of 2048 bits or more';

/**
 * The algorithm for a trusted key, or why the key is not used: `weak-key`, `unsupported-algorithm`. `rsa` is how an RSA
 * key signs where its owner says so (Cloud KMS).
 */
export function chooseAlgorithm(
  key: KeyObject,
  rsa: RsaScheme = COSIGN_RSA,
): SignatureAlgorithm | Refusal {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return PURE_ED25519;
  if (type === 'rsa') return findWeakness(key) ?? createRsa(rsa);
  // RFC 4055 section 3.1: the key itself says that it signs with PSS, and may say with which hash.
  if (type === 'rsa-pss') {
    const hash = details?.hashAlgorithm ?? 'sha256';
    return findWeakness(key) ?? createRsa({ padding: 'pss', hash });
  }
  const curve = details?.namedCurve ?? '';
  const hash = ECDSA_HASHES.get(curve);
  if (type === 'ec' && hash !== undefined) return createEcdsa(hash);
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

function createEcdsa(hash: string): SignatureAlgorithm {
  return {
    isShaped: isEcdsaSignature,
    verify: (bytes, key, signature) => verify(hash, bytes, { key, dsaEncoding: 'der' }, signature),
  };
}

function createRsa({ padding, hash }: RsaScheme): SignatureAlgorithm | Refusal {
  if (!RSA_HASHES.has(hash)) return refuse('weak-key', `Key signs with ${hash}; use sha256`);
  // The length of the salt is the signer's choice and proves nothing (RFC 8017 section 9.1): cosign takes any.
  const options =
    padding === 'pkcs1'
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return {
    // RFC 8017 section 8: as long as the modulus.
    isShaped: (signature, { asymmetricKeyDetails }) =>
      signature.length === Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8),
    verify: (bytes, key, signature) => verify(hash, bytes, { key, ...options }, signature),
  };
}
