import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Documents, Write } from '#shared/net/firestore.ts';

/** A text in a document's fields. */
export const TextField = z
  .object({ stringValue: z.string() })
  .transform(({ stringValue }) => stringValue);

const WriteFields = z.object({ write: TextField });

type Set = Extract<Write, { readonly set: string }>;

/**
 * Sets a document over the one of `revision`, and only over that; without one, where there is none, and then together
 * with `first`. Returns whether it did, also where the answer of an attempt was lost: the next one meets its own write.
 * Throws `store-unavailable`.
 *
 * @example
 * await replaceDocument(documents, { set: 'freezes/people', fields }, { revision, first: [] });
 */
export async function replaceDocument(
  documents: Pick<Documents, 'get' | 'commit'>,
  { set, fields }: Omit<Set, 'when'>,
  {
    revision,
    first = [],
  }: { readonly revision: string | undefined; readonly first?: readonly Set[] },
): Promise<boolean> {
  const write = randomUUID();
  const isFirst = revision === undefined;
  const when = isFirst ? { exists: false } : { updateTime: revision };
  const named = { set, fields: { ...fields, write: { stringValue: write } }, when };
  const writes = [named, ...(isFirst ? first : [])];
  if ((await documents.commit(writes)) !== undefined) return true;
  const place = (await documents.get([set])).get(set);
  return WriteFields.safeParse(place?.fields).data?.write === write;
}
