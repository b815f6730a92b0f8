import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { CountersignError } from '#shared/core/errors.ts';
import {
  MAX_INLINE_BYTES,
  MAX_PARTS,
  MAX_PART_BYTES,
  MAX_RECORD_BYTES,
} from './firestore-limits.ts';

const compress = promisify(gzip);
const inflate = promisify(gunzip);

/** A record in the pieces that documents hold. */
export interface Packed {
  /** Hash of all the bytes: pieces of two writes never pass for one record. */
  readonly revision: string;
  readonly inline: Buffer;
  readonly parts: readonly Buffer[];
}

/** Compresses and splits. Throws `too-large`, naming `what` does not fit. */
export async function packRecord(text: string, what: string): Promise<Packed> {
  const bytes = await compress(text);
  const parts: Buffer[] = [];
  for (let from = MAX_INLINE_BYTES; from < bytes.length; from += MAX_PART_BYTES) {
    parts.push(bytes.subarray(from, from + MAX_PART_BYTES));
  }
  if (parts.length > MAX_PARTS || Buffer.byteLength(text) > MAX_RECORD_BYTES) {
    const message = `${what} does not fit into the store: ${bytes.length} bytes in ${parts.length} parts, at most ${MAX_PARTS}`;
    throw new CountersignError('too-large', message);
  }
  return { revision: revisionOf(bytes), inline: bytes.subarray(0, MAX_INLINE_BYTES), parts };
}

/** The text of the pieces; undefined when they are not the pieces of that revision, or no such text. */
export async function unpackRecord({
  revision,
  inline,
  parts,
}: Packed): Promise<string | undefined> {
  const bytes = Buffer.concat([inline, ...parts]);
  if (revisionOf(bytes) !== revision) return undefined;
  try {
    const text = await inflate(bytes, { maxOutputLength: MAX_RECORD_BYTES });
    return text.toString('utf8');
  } catch {
    return undefined;
  }
}

export function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
