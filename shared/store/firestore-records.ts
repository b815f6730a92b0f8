import type { Documents, Fields, Write } from './firestore-documents.ts';
import { MAX_CONFLICTS } from './firestore-limits.ts';
import { type Document, PartFields, RecordFields } from './firestore-schema.ts';
import { type Packed, revisionOf, unpackRecord } from './pack-record.ts';

/** What differs from record to record beside the record itself: fields that queries name. */
export interface Envelope {
  readonly path: string;
  readonly fields: Fields;
  /** When Firestore may delete it (a TTL policy on `expireAt`). */
  readonly expireAt: Date;
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
    {
      set: path,
      fields: {
        ...envelope.fields,
        ...shared,
        record: bytes(packed.inline),
        parts: { integerValue: `${packed.parts.length}` },
      },
    },
    ...packed.parts.map((part, index) => ({
      set: partOf(path, index),
      fields: { ...shared, record: bytes(part) },
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
    // The same document twice, and still no record: nobody is writing, so it is broken.
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

function bytes(value: Buffer): { bytesValue: string } {
  return { bytesValue: value.toString('base64') };
}
