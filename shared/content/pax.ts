import { ContentProblem } from './problem.ts';
import { readName } from './tar-header.ts';

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
      throw new ContentProblem('layer-not-tar', 'has an extended header that cannot be read');
    }
    const key = readName(record.subarray(0, equals));
    if (records.has(key)) throw ambiguous(`says ${JSON.stringify(key.slice(0, 40))} twice`);
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
    throw new ContentProblem('layer-not-tar', 'has an extended header whose size is not a number');
  }
  return Number(text);
}

function ambiguous(problem: string): ContentProblem {
  return new ContentProblem('unsafe-entry', `has an extended header that ${problem}`);
}
