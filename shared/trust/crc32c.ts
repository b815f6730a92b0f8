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
