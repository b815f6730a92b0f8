const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Whether the bytes are DER of two integers (RFC 3279 section 2.2.3): P1363, which other tools write, is not. The
 * numbers are left to OpenSSL.
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
