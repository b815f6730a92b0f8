import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { Document, Documents, Precondition, Value, Write } from '#shared/net/firestore.ts';
import { readRecord } from './schema.ts';
import type { OnUnreadable } from './store.ts';

const KIBIBYTE = 1024;
const DAY_MS = 24 * 3_600_000;

/**
 * Of a record, compressed: what stays in the cluster's own document, so that a page of clusters is a bounded answer.
 * About 1,000 RSyncs without errors.
 */
export const MAX_INLINE_BYTES = 64 * KIBIBYTE;

/** Firestore quotas: a document holds 1 MiB, names and other fields included. */
const MAX_PART_BYTES = 900 * KIBIBYTE;

/**
 * Firestore quotas: a request holds 10 MiB; the emulator takes 4 MiB. Compressed as records are, this is room for more
 * than 10,000 RSyncs that all fail.
 */
const MAX_PARTS = 4;

/** Of a record that is read back, inflated. An attacker who can write to the store may have written a bomb. */
export const MAX_RECORD_BYTES = 64 * KIBIBYTE * KIBIBYTE;

/** How often a record is read anew that others replaced in between; each time another writer has got on. */
export const MAX_CONFLICTS = 8;

/** How long a cluster is remembered that is not reconciled any more. The sweep removes those that left the fleet. */
export const CLUSTER_KEPT_MS = 30 * DAY_MS;

/** How long a verdict is remembered after it was published; afterwards it may be published once more. */
export const IMAGE_KEPT_MS = 180 * DAY_MS;

/** What a store of one kind of record works with. */
export interface RecordDeps {
  readonly documents: Documents;
  readonly now: () => Date;
  readonly onUnreadable: OnUnreadable;
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

const PartFields = z.object({ record: Bytes, revision: Text });

/** What every record starts with: its own beginning, and how many more documents have the rest. */
const RecordFields = PartFields.extend({ parts: Count });

/** What must be known of a cluster's document to replace it. */
const HeadFields = z.object({
  parts: Count.catch(0),
  reconciledAt: Time.optional().catch(undefined),
  edition: Text.optional().catch(undefined),
});

/** What differs from record to record beside the record itself: fields that queries name. */
interface Envelope {
  readonly path: string;
  readonly fields: Readonly<Record<string, Value>>;
  /** When Firestore may delete it (a TTL policy on `expireAt`). */
  readonly expireAt: Date;
  /** What must be so of the document in place. */
  readonly when?: Precondition;
  /** A field that gets the time of the write. */
  readonly stamp?: string;
}

/** An id that any name can have: document ids allow no slash and have a largest length. */
export function idOf(...names: readonly string[]): string {
  return revisionOf(Buffer.from(JSON.stringify(names)));
}

/** The documents of a record; `before` is how many parts the one in place has. */
export function writesOf(packed: Packed, envelope: Envelope, before: number): readonly Write[] {
  const { path, expireAt, when, stamp } = envelope;
  const pieces = packed.pieces.map((piece) => ({
    revision: { stringValue: packed.revision },
    expireAt: { timestampValue: expireAt.toISOString() },
    record: { bytesValue: piece.toString('base64') },
  }));
  const [head, ...parts] = pieces;
  const fields = { ...envelope.fields, ...head, parts: { integerValue: `${parts.length}` } };
  return [
    defined({ set: path, fields, when, stamp }),
    ...parts.map((part, index) => ({ set: partOf(path, index), fields: part })),
    ...deletesOf(path, parts.length, Math.max(0, before - parts.length)),
  ];
}

export function deletesOf(path: string, from: number, count: number): readonly Write[] {
  return Array.from({ length: count }, (_, index) => ({ delete: partOf(path, from + index) }));
}

/** Where a record is, and how it is called in the log. */
interface Place {
  readonly path: string;
  readonly table: string;
  readonly key: string;
}

/**
 * The record at a place, whose first document may be at hand. Undefined where there is none, and, reported to
 * `onUnreadable`, where `schema` cannot read what is there or `isOwn` says that it is another's. `onRead` is called with
 * the document that it was read from.
 */
export async function readStored<T extends object>(
  { documents, onUnreadable }: Omit<RecordDeps, 'now'>,
  { path, table, key }: Place,
  schema: z.ZodType<T>,
  {
    atHand,
    isOwn,
    onRead,
  }: {
    readonly atHand?: Document | undefined;
    readonly isOwn?: (record: T) => boolean;
    readonly onRead?: (record: T, head: Head) => void;
  } = {},
): Promise<T | undefined> {
  const found = await readText(documents, path, atHand);
  if (found === undefined) return undefined;
  const record = readRecord(schema, found.text);
  if (found.head !== undefined && record !== undefined && isOwn?.(record) !== false) {
    onRead?.(record, headOf(found.head));
    return record;
  }
  onUnreadable({ table, key });
  return undefined;
}

/** Without a text where what is at `path` is no record. One that is replaced while its parts are read is read anew. */
async function readText(
  documents: Documents,
  path: string,
  atHand: Document | undefined,
): Promise<{ readonly text?: string; readonly head?: Document } | undefined> {
  let head = atHand;
  for (let attempt = 0; attempt < MAX_CONFLICTS; attempt += 1) {
    head ??= (await documents.get([path])).get(path);
    if (head === undefined) return undefined;
    const text = await join(documents, path, head);
    if (text !== undefined) return { text, head };
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
  const { revision, record } = data;
  const paths = Array.from({ length: data.parts }, (_, index) => partOf(path, index));
  const found = paths.length === 0 ? undefined : await documents.get(paths);
  const pieces = [record];
  for (const name of paths) {
    const part = PartFields.safeParse(found?.get(name)?.fields).data;
    if (part?.revision !== revision) return undefined;
    pieces.push(part.record);
  }
  return unpackRecord({ revision, pieces });
}

function partOf(path: string, index: number): string {
  return `${path}/parts/${index}`;
}

/** What is known of the document in place. */
export interface Head extends z.infer<typeof HeadFields> {
  readonly document: Document;
}

function headOf(document: Document): Head {
  return { ...HeadFields.parse(document.fields), document };
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
  documents: Pick<Documents, 'get' | 'commit'>,
  path: string,
  attempt: (head: Head | undefined) => Promise<readonly Write[] | undefined>,
  mask?: readonly string[],
): Promise<boolean> {
  for (let count = 0; count < MAX_CONFLICTS; count += 1) {
    const document = (await documents.get([path], mask)).get(path);
    const writes = await attempt(document && headOf(document));
    if (writes === undefined) return false;
    if ((await documents.commit(writes)) !== undefined) return true;
  }
  const message = `The Firestore store failed: others replaced ${path} ${MAX_CONFLICTS} times meanwhile`;
  throw new CountersignError('store-unavailable', message);
}

/** Of a text, or of what it compresses to: most records. A thread for one costs five times the work, and blocks nothing. */
const SMALL_BYTES = 16 * KIBIBYTE;
const SMALL_PACKED_BYTES = 2 * KIBIBYTE;

async function compress(text: string): Promise<Buffer> {
  return text.length <= SMALL_BYTES ? gzipSync(text) : promisify(gzip)(text);
}

async function inflate(bytes: Buffer): Promise<Buffer> {
  const limits = { maxOutputLength: MAX_RECORD_BYTES };
  return bytes.length <= SMALL_PACKED_BYTES
    ? gunzipSync(bytes, limits)
    : promisify(gunzip)(bytes, limits);
}

/** A record in the pieces that fit into documents, the first beside the fields of its own. */
interface Packed {
  /** Hash of all the bytes: pieces of two writes never pass for one record. */
  readonly revision: string;
  readonly pieces: readonly Buffer[];
}

/** Compresses and splits. Throws `too-large`, naming `what` does not fit. */
export async function packRecord(text: string, what: string): Promise<Packed> {
  const bytes = await compress(text);
  const pieces = [bytes.subarray(0, MAX_INLINE_BYTES)];
  for (let from = MAX_INLINE_BYTES; from < bytes.length; from += MAX_PART_BYTES) {
    pieces.push(bytes.subarray(from, from + MAX_PART_BYTES));
  }
  if (pieces.length - 1 <= MAX_PARTS && Buffer.byteLength(text) <= MAX_RECORD_BYTES) {
    return { revision: revisionOf(bytes), pieces };
  }
  const message = `${what} does not fit into the store: ${bytes.length} bytes in ${pieces.length - 1} parts, at most ${MAX_PARTS}`;
  throw new CountersignError('too-large', message);
}

/** The text of the pieces; undefined when they are not the pieces of that revision, or no such text. */
async function unpackRecord({ revision, pieces }: Packed): Promise<string | undefined> {
  const bytes = Buffer.concat(pieces);
  if (revisionOf(bytes) !== revision) return undefined;
  try {
    const text = await inflate(bytes);
    return text.toString('utf8');
  } catch {
    return undefined;
  }
}

export function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
