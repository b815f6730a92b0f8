import { constants, type KeyObject, publicDecrypt, verify } from 'node:crypto';
import type { SignatureHash } from '#shared/core/policy.ts';
import { type Refusal, refuse, type SignedDigest } from './candidate.ts';

/** How signatures of one kind of key are checked: chosen by the key that is trusted, never by what was pushed. */
export interface SignatureAlgorithm {
  /** Whether `signature` has the shape of one at all, by any signer. */
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
 * Curves, with the bytes of one number of a signature (IEEE P1363, section 12.2.4; FIPS 186-5) and their hashes, the
 * likeliest first: cosign from 2.6 and Cloud KMS sign with the first, older cosign, Vault and openssl with SHA-256 whatever
 * the curve (cosign's `--signature-digest-algorithm` has the others).
 */
const CURVES: ReadonlyMap<
  string | undefined,
  { readonly name: string; readonly bytes: number; readonly hashes: readonly SignatureHash[] }
> = new Map([
  ['prime256v1', { name: 'P-256', bytes: 32, hashes: ['sha256', 'sha384', 'sha512'] }],
  ['secp384r1', { name: 'P-384', bytes: 48, hashes: ['sha384', 'sha256', 'sha512'] }],
  ['secp521r1', { name: 'P-521', bytes: 66, hashes: ['sha512', 'sha256', 'sha384'] }],
]);
const RSA_HASHES: readonly SignatureHash[] = ['sha256', 'sha512', 'sha384'];

/** The least that NIST SP 800-57 part 1 still allows: 112 bits of security. */
const MIN_RSA_BITS = 2048;
/** FIPS 186-5, appendix A.1.1; with an exponent of 1, anyone can sign. */
const MIN_RSA_EXPONENT = 65_537n;
const WEAK_CURVE = /^(?:prime192|secp1|sect1|c2[pt]nb1|wap-)/;
const USE = 'use ECDSA (P-256, P-384, P-521), Ed25519, or RSA of 2048 bits or more';

/** The algorithm for a trusted key, or why it is not used. Without a `scheme` of its owner its hashes are tried in turn. */
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
    const signsWith = details?.hashAlgorithm ?? 'sha256';
    const own = RSA_HASHES.find((one) => one === signsWith);
    if (own === undefined) return refuse('weak-key', `Key signs with ${signsWith}; use sha256`);
    return findWeakness(key) ?? createRsa('pss', [own]);
  }
  const curve = details?.namedCurve ?? '';
  const known = CURVES.get(curve);
  if (type === 'ec' && known !== undefined) {
    return createEcdsa(known.name, hash === undefined ? known.hashes : [hash]);
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
    name: `ECDSA ${curve} with ${shownHashes(hashes)}`,
    isShaped: (signature, key) => encodingOf(signature, key) !== undefined,
    verify(bytes, key, signature) {
      // One encoding for one signature: what is DER is never read as P1363 too.
      const dsaEncoding = encodingOf(signature, key);
      if (dsaEncoding === undefined) return false;
      return hashes.some((hash) => verify(hash, bytes, { key, dsaEncoding }, signature));
    },
  };
}

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

/**
 * How an ECDSA signature is spelt: DER, else its two numbers side by side at full length (P1363, as WebCrypto writes it),
 * where cosign takes other lengths too, which would be many spellings of one signature; undefined when it is neither.
 */
function encodingOf(signature: Buffer, key: KeyObject): 'der' | 'ieee-p1363' | undefined {
  if (isEcdsaSignature(signature)) return 'der';
  const bytes = CURVES.get(key.asymmetricKeyDetails?.namedCurve)?.bytes;
  return bytes !== undefined && signature.length === 2 * bytes ? 'ieee-p1363' : undefined;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** DER of two integers (RFC 3279 section 2.2.3); OpenSSL refuses longer spellings of them, and those out of range. */
export function isEcdsaSignature(bytes: Buffer): boolean {
  const body = contentOf(bytes, SEQUENCE);
  if (body === undefined || body.rest.length > 0) return false;
  const r = contentOf(body.content, INTEGER);
  const s = r && contentOf(r.rest, INTEGER);
  return s !== undefined && s.rest.length === 0;
}

/** X.690 sections 8.1.3 and 10.1; two integers of P-521 take 139 bytes, so one byte of length is enough. */
function contentOf(bytes: Buffer, tag: number): { content: Buffer; rest: Buffer } | undefined {
  const [found, first = 0, second = 0] = bytes;
  if (found !== tag) return undefined;
  const isLong = first === 0x81 && second >= 0x80;
  if (first >= 0x80 && !isLong) return undefined;
  const begin = isLong ? 3 : 2;
  const end = begin + (isLong ? second : first);
  if (end > bytes.length || end === begin) return undefined;
  return { content: bytes.subarray(begin, end), rest: bytes.subarray(end) };
}

/** Ed25519 as Cloud KMS signs. */
const PURE_ED25519: SignatureAlgorithm = {
  name: 'Ed25519',
  // RFC 8032 section 5.1.6: R and S.
  isShaped: (signature) => signature.length === 64,
  verify: (bytes, key, signature) => verify(null, bytes, key, signature),
};

/** Ed25519, pure or prehashed as cosign signs (RFC 8032 section 5.1): no signature of one form is one of the other. */
export async function loadEd25519(): Promise<SignatureAlgorithm> {
  // Node's crypto knows only the pure form; loaded where a policy has such a key.
  const { ed25519ph } = await import('./ed25519ph.ts');
  const rawKey = (key: KeyObject) =>
    Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  return {
    ...PURE_ED25519,
    verify: (bytes, key, signature) =>
      PURE_ED25519.verify(bytes, key, signature) ||
      ed25519ph.verify(signature, bytes, rawKey(key), { zip215: false }),
  };
}

/** RFC 8017, section 9.2, note 1: DigestInfo of SHA-256, before the digest. */
const SHA256_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Verifies over a SHA-256 alone, which Node's crypto cannot: ECDSA, RSA PKCS #1 v1.5. False for any other. */
export async function loadPrehashed(): Promise<SignedDigest['verify']> {
  // A curve in JavaScript, which nothing else needs.
  const {
    p256: prime256v1,
    p384: secp384r1,
    p521: secp521r1,
  } = await import('@noble/curves/nist.js');
  const curves = new Map(Object.entries({ prime256v1, secp384r1, secp521r1 }));
  return function verifyPrehashed(digest, key, signature) {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
    const curve = type === 'ec' ? curves.get(details?.namedCurve ?? '') : undefined;
    if (curve !== undefined) {
      const encoding = encodingOf(signature, key);
      if (encoding === undefined) return false;
      const { x = '', y = '' } = key.export({ format: 'jwk' });
      // SEC 1, section 2.3.3: an uncompressed point.
      const parts = [x, y].map((part) => Buffer.from(part, 'base64url'));
      const point = Buffer.concat([Buffer.from([0x04]), ...parts]);
      const format = encoding === 'der' ? 'der' : 'compact';
      return curve.verify(signature, digest, point, { prehash: false, lowS: false, format });
    }
    if (type !== 'rsa') return false;
    const info = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
    return info.equals(Buffer.concat([SHA256_INFO, digest]));
  };
}
