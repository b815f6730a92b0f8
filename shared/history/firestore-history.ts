import * as z from 'zod';
import { type Document, type FirestoreDeps, createDocuments } from '#shared/net/firestore.ts';
import type { Entry, History } from './history.ts';
import { expiryOf, keysOf, rangeOf, readEntry, writeEntry } from './schema.ts';

/** One document an event, under its id; beside its text a field for each facet, and when it may go. */
const COLLECTION = 'history';

/** Documents in one answer: with 64 KiB each, about 7 MiB. */
const PAGE = 100;

const Fields = z.object({ entry: z.object({ stringValue: z.string() }) });

export interface FirestoreHistoryOptions extends Omit<FirestoreDeps, 'setting'> {
  /** How long an entry is kept: a TTL policy on `expireAt` deletes it. */
  readonly days: number;
  readonly now: () => Date;
}

/**
 * The history in the database of the records, for functions that run apart; docs/store.md#history has what it needs.
 * Throws `store-unavailable`.
 *
 * @example
 * const history = openFirestoreHistory({ fetch, project: 'acme', database: 'countersign-records', googleToken, days: 400, now });
 * await history.add(entry);
 */
export function openFirestoreHistory(options: FirestoreHistoryOptions): History {
  const { days, now } = options;
  const documents = createDocuments({ ...options, setting: 'records.firestore' });
  return {
    async add(entry) {
      const keys = Object.entries(keysOf(entry)).map(([facet, key]) => [
        facet,
        { stringValue: key },
      ]);
      const fields = {
        ...Object.fromEntries(keys),
        entry: { stringValue: writeEntry(entry) },
        expireAt: { timestampValue: expiryOf(now(), days).toISOString() },
      };
      const set = `${COLLECTION}/${entry.id}`;
      return (await documents.commit([{ set, fields, when: { exists: false } }])) !== undefined;
    },
    async list(query) {
      const { facet } = query.by;
      const { from, before } = rangeOf(query);
      const found: Entry[] = [];
      for (let last = { stringValue: before }; found.length < query.limit; ) {
        const limit = Math.min(PAGE, query.limit - found.length);
        const page: readonly Document[] = await documents.query({
          collection: COLLECTION,
          where: [
            { field: facet, op: 'GREATER_THAN_OR_EQUAL', value: { stringValue: from } },
            { field: facet, op: 'LESS_THAN', value: last },
          ],
          orderBy: facet,
          descending: true,
          limit,
        });
        const entries = page.map((document) => entryOf(document));
        found.push(...entries.filter((entry) => entry !== undefined));
        const key = keyOf(page.at(-1), facet);
        if (page.length < limit || key === undefined) break;
        last = { stringValue: key };
      }
      return found;
    },
    // Nothing stays open: connections are those of the process.
    close: () => Promise.resolve(),
  };
}

function entryOf({ name, fields }: Document): Entry | undefined {
  const { data } = Fields.safeParse(fields);
  const entry = data && readEntry(data.entry.stringValue);
  return entry !== undefined && name.endsWith(`/${COLLECTION}/${entry.id}`) ? entry : undefined;
}

function keyOf(document: Document | undefined, facet: string): string | undefined {
  return z.object({ stringValue: z.string() }).safeParse(document?.fields[facet]).data?.stringValue;
}
