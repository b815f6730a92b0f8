import { type KeyObject, verify } from 'node:crypto';

import { type Refusal, refuse } from './candidate.ts';

/** How signatures of one kind of key are checked: chosen by the key that is trusted, never by what was pushed. */
export interface SignatureAlgorithm {
  /** Whether `signature` has the shape of one at all, whoever made it. */
  readonly isShaped: (signature: Buffer, key: KeyObject) => boolean;
  readonly verify: (bytes: Buffer, key: KeyObject, signature: Buffer) => boolean;
}

/** By key type, and by curve for elliptic ones. Cosign hashes with SHA-256 (facts/signatures.md section 2). */
const ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  'ec prime256v1': {
    isShaped: (signature) => isDerSequence(signature),
    verify: (bytes, key, signature) =>
      verify('sha256', bytes, { key, dsaEncoding: 'der' }, signature),
  },
};

/** The least that NIST SP 800-57 part 1 still allows: 112 bits of security. */
const MIN_RSA_BITS = 2048;
const WEAK_KINDS: ReadonlySet<string> = new Set([
  'dsa',
  'ec prime192v1',
  'ec prime192v2',
  'ec prime192v3',
  'ec secp192k1',
  'ec secp160r1',
  'ec secp160k1',
]);

/** The algorithm for a trusted key, or why the key is not used: `weak-key`, `unsupported-algorithm`. */
export function chooseAlgorithm(key: KeyObject): SignatureAlgorithm | Refusal {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const bits = details?.modulusLength;
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    return refuse('weak-key', `Key has ${bits} bits; use ${MIN_RSA_BITS} or more`);
  }
  const kind = details?.namedCurve === undefined ? String(type) : `${type} ${details.namedCurve}`;
  if (WEAK_KINDS.has(kind)) return refuse('weak-key', `Key is ${kind}; use an ECDSA P-256 key`);
  const algorithm = ALGORITHMS[kind];
  return algorithm ?? refuse('unsupported-algorithm', `Key is ${kind}; use an ECDSA P-256 key`);
}

/** ASN.1 DER, X.690 section 8.9: one SEQUENCE with a short length that covers all. */
function isDerSequence(bytes: Buffer): boolean {
  return bytes[0] === 0x30 && bytes[1] === bytes.length - 2 && bytes[2] === 0x02;
}
