import type { KeyObject } from 'node:crypto';

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** By curve: the bytes of one number of a signature (IEEE P1363, section 12.2.4; FIPS 186-5). */
const NUMBER_BYTES: ReadonlyMap<string | undefined, number> = new Map([
  ['prime256v1', 32],
  ['secp384r1', 48],
  ['secp521r1', 66],
]);

/**
 * How an ECDSA signature by `key` is spelt: DER, or the two numbers side by side at their full length (P1363, as WebCrypto
 * writes it); undefined when it is neither. What is DER is not P1363, as `cosign verify` reads it; cosign also takes
 * P1363 of other lengths, which would be many spellings of one signature.
 */
export function encodingOf(signature: Buffer, key: KeyObject): 'der' | 'ieee-p1363' | undefined {
  if (isEcdsaSignature(signature)) return 'der';
  const bytes = NUMBER_BYTES.get(key.asymmetricKeyDetails?.namedCurve);
  return bytes !== undefined && signature.length === 2 * bytes ? 'ieee-p1363' : undefined;
}

/**
 * Whether the bytes are DER of two integers (RFC 3279 section 2.2.3). The numbers are left to OpenSSL, which refuses
 * longer spellings of them, and those out of range.
 */
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
