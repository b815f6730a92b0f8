import { cutText } from '#shared/core/foreign-text.ts';
import { decodeText } from '#shared/net/json.ts';
import { ContentProblem, notTar } from './problem.ts';

/** Everything in a tar archive comes in blocks of this size. */
export const BLOCK_BYTES = 512;

/** One header block of a tar archive, as it stands: what extended headers say comes on top of it. */
export interface TarHeader {
  readonly name: Uint8Array;
  readonly linkName: Uint8Array;
  readonly type: string;
  readonly size: number;
  /** Permissions, and above them the file type as stat(2) writes it, where the writer put one there. */
  readonly mode: number;
}

/** Where the fields are (POSIX.1-2001, "ustar Interchange Format"). */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  magic: [257, 8],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
  gnuAtime: [345, 12],
  gnuCtime: [357, 12],
  starTrailer: [508, 4],
} as const;
const TYPE_AT = 156;
const POSIX = 'ustar\u000000';
const GNU = 'ustar  \u0000';
const STAR = Buffer.from('tar\0');
const UNUSED = ['uid', 'gid', 'mtime', 'devMajor', 'devMinor'] as const;
const MAX_DEVICE = 0o7777777;
const SPACE = 0x20;

/**
 * Reads a header block as Go's archive/tar does, which is what Config Sync reads with, and refuses what it reads in
 * more than one way: of the four formats those two that are written today, and numbers without sign or overflow.
 * Throws `layer-not-tar`.
 */
export function readHeader(block: Uint8Array): TarHeader {
  checkSum(block);
  const magic = Buffer.from(field(block, 'magic')).toString('latin1');
  if (magic !== POSIX && magic !== GNU) throw notTar('has a header of an unknown format');
  // Read for their form alone: where Go cannot read or write them it stops, and what follows is lost. Of GNU's times
  // it guesses whether they are the prefix of another format.
  for (const unused of magic === GNU ? ([...UNUSED, 'gnuAtime', 'gnuCtime'] as const) : UNUSED) {
    readNumber(block, unused);
  }
  if (Math.max(readNumber(block, 'devMajor'), readNumber(block, 'devMinor')) > MAX_DEVICE) {
    throw notTar('has a header with a number that is too large');
  }
  // star's own format, whose prefix is shorter.
  if (magic === POSIX && Buffer.from(field(block, 'starTrailer')).equals(STAR)) {
    throw notTar('has a header of an unknown format');
  }
  const prefix = magic === POSIX ? untilNul(field(block, 'prefix')) : new Uint8Array();
  const name = untilNul(field(block, 'name'));
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    linkName: untilNul(field(block, 'linkName')),
    type: String.fromCharCode(block[TYPE_AT] ?? 0),
    size: readNumber(block, 'size'),
    mode: readNumber(block, 'mode'),
  };
}

/** Bytes of a name as text. Throws `unsafe-entry` where they are no UTF-8, or have a NUL. */
export function readName(bytes: Uint8Array): string {
  const name = decodeText(bytes);
  if (name !== undefined && !name.includes('\u0000')) return name;
  throw new ContentProblem('unsafe-entry', 'has a name that is not UTF-8 text');
}

/** What stands before the first NUL. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function field(block: Uint8Array, name: keyof typeof FIELDS): Uint8Array {
  const [at, length] = FIELDS[name];
  return block.subarray(at, at + length);
}

/** Octal digits with spaces or NULs around them; or base-256, as GNU writes large and negative numbers. */
function readNumber(block: Uint8Array, name: keyof typeof FIELDS): number {
  const bytes = field(block, name);
  const [first = 0] = bytes;
  if (first === 0x80) {
    const value = bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    if (Number.isSafeInteger(value)) return value;
    throw notTar('has a header with a number that is too large');
  }
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/^[ \0]+|[ \0]+$/g, '');
  if (!/^[0-7]*$/.test(text)) throw notTar(`has a header whose ${name} is not a number`);
  return text === '' ? 0 : Number.parseInt(text, 8);
}

/** The sum of all bytes, its own field read as spaces. */
function checkSum(block: Uint8Array): void {
  const [at, length] = FIELDS.checksum;
  const sum = block.reduce(
    (total, byte, index) => total + (index >= at && index < at + length ? SPACE : byte),
    0,
  );
  if (sum !== readNumber(block, 'checksum')) throw notTar('is not a tar archive');
}

/** What an extended header says of the entry after it, as far as it decides what is written where. */
export interface Pax {
  readonly path?: string;
  readonly linkPath?: string;
  readonly size?: number;
}

const RECORD = /^([1-9][0-9]{0,6}) /;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const SPARSE = 'GNU.sparse.';
const MAX_LENGTH_DIGITS = 8;
/** Numbers that Go parses: where it cannot, it stops there, and what follows is lost. */
const NUMBERS: Readonly<Record<string, RegExp>> = {
  uid: /^-?[0-9]{1,18}$/,
  gid: /^-?[0-9]{1,18}$/,
  atime: /^-?[0-9]{1,18}(?:\.[0-9]*)?$/,
  mtime: /^-?[0-9]{1,18}(?:\.[0-9]*)?$/,
  ctime: /^-?[0-9]{1,18}(?:\.[0-9]*)?$/,
};

/**
 * Reads the records of an extended header (POSIX.1-2001, "pax Extended Header"): `<length> <key>=<value>\n`. Refuses a
 * key twice and an empty value of what matters, which readers take differently, and sparse files, whose name and size
 * are another header's. Throws `layer-not-tar` or `unsafe-entry`.
 */
export function readPax(bytes: Uint8Array): Pax {
  const records = new Map<string, Uint8Array>();
  for (let rest = bytes; rest.length > 0; ) {
    const start = Buffer.from(rest.subarray(0, MAX_LENGTH_DIGITS)).toString('latin1');
    const digits = RECORD.exec(start)?.[1] ?? '';
    const length = Number(digits);
    const record = rest.subarray(digits.length + 1, length - 1);
    const equals = record.indexOf(0x3d);
    if (digits === '' || length > rest.length || rest[length - 1] !== 0x0a || equals < 1) {
      throw notTar('has an extended header that cannot be read');
    }
    const key = readName(record.subarray(0, equals));
    if (records.has(key)) throw ambiguous(`says ${JSON.stringify(cutText(key, 40))} twice`);
    records.set(key, record.subarray(equals + 1));
    rest = rest.subarray(length);
  }
  return pick(records);
}

function pick(records: ReadonlyMap<string, Uint8Array>): Pax {
  const found: { path?: string; linkPath?: string; size?: number } = {};
  for (const [key, bytes] of records) {
    if (key.startsWith(SPARSE)) throw ambiguous('is of a sparse file');
    // Go parses these, and lets an empty one fall back on the plain header; others need not be text.
    const decides = key === 'path' || key === 'linkpath' || key === 'size';
    if (decides && bytes.length === 0) throw ambiguous(`says nothing for ${key}`);
    if (key === 'path') found.path = readName(bytes);
    else if (key === 'linkpath') found.linkPath = readName(bytes);
    else if (key === 'uname' || key === 'gname') readName(bytes);
    else if (key === 'size') found.size = readSize(bytes);
    else if (NUMBERS[key]?.test(Buffer.from(bytes).toString('latin1')) === false) {
      if (bytes.length > 0) throw ambiguous(`has a ${key} that is not a number`);
    }
  }
  return found;
}

function readSize(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString('latin1');
  if (!SIZE.test(text) || !Number.isSafeInteger(Number(text))) {
    throw notTar('has an extended header whose size is not a number');
  }
  return Number(text);
}

function ambiguous(problem: string): ContentProblem {
  return new ContentProblem('unsafe-entry', `has an extended header that ${problem}`);
}
