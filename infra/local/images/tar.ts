/** POSIX ustar: everything comes in records of this size, and two empty ones end the archive. */
const RECORD_BYTES = 512;
const FILE_MODE = 0o644;
/** Of a name without the prefix field. */
const MAX_NAME_BYTES = 100;
const CHECKSUM = { at: 148, length: 8 } as const;

/** A tar archive of one file, always the same for the same file: a pushed image's digest depends on it. */
export function tarOf(name: string, content: Uint8Array): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Error(`Name is too long: ${name}`);
  const padding = (RECORD_BYTES - (content.length % RECORD_BYTES)) % RECORD_BYTES;
  const end = Buffer.alloc(padding + 2 * RECORD_BYTES);
  return Buffer.concat([headerOf(name, content.length), content, end]);
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(RECORD_BYTES);
  header.write(name, 0);
  header.write(octal(FILE_MODE, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  // The checksum is taken with its own field read as spaces.
  header.fill(' ', CHECKSUM.at, CHECKSUM.at + CHECKSUM.length);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, CHECKSUM.length - 1)} `, CHECKSUM.at);
  return header;
}

/** An octal number that fills its field up to the NUL that ends it. */
function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\u0000`;
}
