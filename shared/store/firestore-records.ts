import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import {
  type Document,
  type Documents,
  type Fields,
  type Precondition,
  type Write,
  storeUnavailable,
} from './firestore-documents.ts';
import {
  MAX_CONFLICTS,
  MAX_INLINE_BYTES,
  MAX_PARTS,
  MAX_PART_BYTES,
  MAX_RECORD_BYTES,
} from './firestore-limits.ts';

/** What a store of one kind of record works with. */
export interface RecordDeps {
  readonly documents: Documents;
  readonly now: () => Date;
  /** Called with a record that cannot be read and counts as absent. */
  readonly onUnreadable: (row: { readonly table: string; readonly key: string }) => void;
}

export const Text = z
  .object({ stringValue: z.string() })
  .transform(({ stringValue }) => stringValue);
const Bytes = z
  .object({ bytesValue: z.base64() })
  .transform(({ bytesValue }) => Buffer.from(bytesValue, 'base64'));
const Time = z
  .object({ timestampValue: z.iso.datetime() })
  .transform(({ timestampValue }) => Date.parse(timestampValue));
/** proto3 JSON writes int64 as text. */
const Count = z
  .object({ integerValue: z.string().regex(/^[0-9]{1,3}$/) })
  .transform(({ integerValue }) => Number(integerValue));

/** What every record starts with: its own beginning, and how many more documents have the rest. */
const RecordFields = z.object({ record: Bytes, parts: Count, revision: Text });

const PartFields = z.object({ record: Bytes, revision: Text });

/** What must be known of a cluster's document to replace it. */
const HeadFields = z.object({
  parts: Count.catch(0),
  reconciledAt: Time.optional().catch(undefined),
  edition: Text.optional().catch(undefined),
});

/** What differs from record to record beside the record itself: fields that queries name. */
export interface Envelope {
  readonly path: string;
  readonly fields: Fields;
  /** When Firestore may delete it (a TTL policy on `expireAt`). */
  readonly expireAt: Date;
  /** What must be so of the document in place. */
  readonly when?: Precondition;
}

/** An id that any name can have: document ids allow no slash and have a largest length. */
export function idOf(...names: readonly string[]): string {
  return revisionOf(Buffer.from(JSON.stringify(names)));
}

/** The documents of a record; `before` is how many parts the one in place has. */
export function writesOf(packed: Packed, envelope: Envelope, before: number): readonly Write[] {
  const { path, expireAt } = envelope;
  const shared = {
    revision: { stringValue: packed.revision },
    expireAt: { timestampValue: expireAt.toISOString() },
  };
  const surplus = Math.max(0, before - packed.parts.length);
  return [
    defined({
      set: path,
      fields: {
        ...envelope.fields,
        ...shared,
        record: toBytesValue(packed.inline),
        parts: { integerValue: `${packed.parts.length}` },
      },
      when: envelope.when,
    }),
    ...packed.parts.map((part, index) => ({
      set: partOf(path, index),
      fields: { ...shared, record: toBytesValue(part) },
    })),
    ...deletesOf(path, packed.parts.length, surplus),
  ];
}

export function deletesOf(path: string, from: number, count: number): readonly Write[] {
  return Array.from({ length: count }, (_, index) => ({ delete: partOf(path, from + index) }));
}

/** What is at the place of a record: no text where it is something else, or incomplete. */
export interface Found {
  readonly text?: string;
}

/**
 * The record at `path`, whose first document may be at hand; undefined when there is none. One that is replaced while
 * its parts are read is read anew.
 */
export async function readText(
  documents: Documents,
  path: string,
  atHand?: Document,
): Promise<Found | undefined> {
  let head = atHand;
  for (let attempt = 0; attempt < MAX_CONFLICTS; attempt += 1) {
    head ??= (await documents.get([path])).get(path);
    if (head === undefined) return undefined;
    const text = await join(documents, path, head);
    if (text !== undefined) return { text };
    const after = (await documents.get([path])).get(path);
    // The same document twice, and still no record: no one is writing, so it is broken.
    if (after?.updateTime === head.updateTime) return {};
    head = after;
  }
  return {};
}

async function join(
  documents: Documents,
  path: string,
  head: Document,
): Promise<string | undefined> {
  const { data } = RecordFields.safeParse(head.fields);
  if (data === undefined) return undefined;
  const { revision, record: inline } = data;
  if (data.parts === 0) return unpackRecord({ revision, inline, parts: [] });
  const paths = Array.from({ length: data.parts }, (_, index) => partOf(path, index));
  const found = await documents.get(paths);
  const parts: Buffer[] = [];
  for (const name of paths) {
    const part = PartFields.safeParse(found.get(name)?.fields).data;
    if (part?.revision !== revision) return undefined;
    parts.push(part.record);
  }
  return unpackRecord({ revision, inline, parts });
}

function partOf(path: string, index: number): string {
  return `${path}/parts/${index}`;
}

function toBytesValue(value: Buffer): { bytesValue: string } {
  return { bytesValue: value.toString('base64') };
}

/** What is known of the document in place. */
export interface Head extends z.infer<typeof HeadFields> {
  readonly document: Document;
}

/** What must be so still of the document in place when it is replaced. */
export function unchanged(head: Head | undefined): Precondition {
  return head === undefined ? { exists: false } : { updateTime: head.document.updateTime };
}

/**
 * Replaces the record at `path`: `attempt` gives the writes to make over the document in place, or undefined to leave
 * it. It is called until no other writer has changed that meanwhile. Returns whether it was replaced. `mask`: the
 * fields that are read of it; absent: all.
 */
export async function replaceRecord(
  documents: Documents,
  path: string,
  attempt: (head: Head | undefined) => Promise<readonly Write[] | undefined>,
  mask?: readonly string[],
): Promise<boolean> {
  for (let count = 0; count < MAX_CONFLICTS; count += 1) {
    const document = (await documents.get([path], mask)).get(path);
    const writes = await attempt(document && { ...HeadFields.parse(document.fields), document });
    if (writes === undefined) return false;
    if (await documents.commit(writes)) return true;
  }
  throw storeUnavailable(new Error(`others replaced ${path} ${MAX_CONFLICTS} times meanwhile`));
}

const compress = promisify(gzip);
const inflate = promisify(gunzip);

/** A record in the pieces that fit into documents. */
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
async function unpackRecord({ revision, inline, parts }: Packed): Promise<string | undefined> {
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
