import * as z from 'zod';
import { SKEW_MS } from '#shared/core/hold.ts';
import type { Document, Documents } from '#shared/net/firestore.ts';
import type { ClusterRecord } from './store.ts';

/** Clusters in one answer: with `MAX_INLINE_BYTES` of base64 each, about 9 MiB. */
const PAGE = 100;

/** The field that has the time of the last write, by Firestore's clock. */
export const WRITTEN_AT = 'writtenAt';

/** Two writes that are answered in one order may carry their times in the other. */
const OVERLAP_MS = 5_000;

/** After so long all are read anew, for what no query of changes can say. */
export const ALL_AFTER_MS = 6 * 3_600_000;

const Written = z
  .object({ [WRITTEN_AT]: z.object({ timestampValue: z.iso.datetime() }) })
  .transform((fields) => Date.parse(fields[WRITTEN_AT].timestampValue));

export interface FleetReaderDeps {
  readonly documents: Documents;
  readonly now: () => Date;
  readonly collection: string;
  /** All documents of the collection, page by page, in order of name. */
  readonly all: () => AsyncIterable<Document>;
  /** The record in a document; undefined where there is none that can be read. */
  readonly read: (document: Document) => Promise<ClusterRecord | undefined>;
}

/** Every record, of which only those are read again that were written since the last call. */
export interface FleetReader {
  readonly every: () => Promise<ReadonlyMap<string, ClusterRecord>>;
  /** This process has deleted the document at that path. */
  readonly forget: (path: string) => void;
}

interface Known {
  /** By id of the document; undefined: it cannot be read. */
  readonly records: Map<string, ClusterRecord | undefined>;
  readonly readAt: number;
  /** What was written before is known, in milliseconds of Firestore's clock. */
  writtenAt: number;
}

/**
 * Reads the fleet as its sweep does each minute: in full at first, and then what was written since, which costs a read for
 * each write in place of one for each cluster. That documents were deleted is known by their number; what else may be
 * missed is found when all are read anew.
 *
 * @example
 * const reader = createFleetReader({ documents, now, collection: 'clusters', all, read });
 * const records = await reader.every();
 */
export function createFleetReader(deps: FleetReaderDeps): FleetReader {
  const { documents, now, collection, all, read } = deps;
  let known: Known | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let waiting: Promise<ReadonlyMap<string, ClusterRecord>> | undefined;

  /** When the newest document was written; 0 where there is none. */
  async function newest(): Promise<number> {
    const query = { collection, orderBy: WRITTEN_AT, descending: true, limit: 1 };
    const [document] = await documents.query(query);
    return seenAt(document);
  }

  /** One from the future, written by hand or by a clock that is wrong, hides no change that comes before it. */
  function seenAt(document: Document | undefined): number {
    return Math.min(writtenAtOf(document), now().getTime() + SKEW_MS);
  }

  async function readAll(): Promise<Known> {
    const readAt = now().getTime();
    // Before them: what is written while they are read is read again.
    const writtenAt = await newest();
    const records: Known['records'] = new Map();
    for await (const document of all()) records.set(idIn(document), await read(document));
    return { records, readAt, writtenAt };
  }

  async function readChanges(before: Known): Promise<void> {
    const from = new Date(Math.max(0, before.writtenAt - OVERLAP_MS)).toISOString();
    const where = [
      { field: WRITTEN_AT, op: 'GREATER_THAN_OR_EQUAL', value: { timestampValue: from } },
    ];
    let last: Document | undefined;
    for (;;) {
      const after = last?.fields[WRITTEN_AT];
      const page: readonly Document[] = await documents.query({
        collection,
        where,
        orderBy: WRITTEN_AT,
        after,
        afterName: last?.name,
        limit: PAGE,
      });
      for (const document of page) {
        before.records.set(idIn(document), await read(document));
        before.writtenAt = Math.max(before.writtenAt, seenAt(document));
      }
      last = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  async function readNow(): Promise<ReadonlyMap<string, ClusterRecord>> {
    const isOld = known !== undefined && now().getTime() - known.readAt >= ALL_AFTER_MS;
    if (known !== undefined && !isOld) {
      await readChanges(known);
      // After the changes: what is written in between can only be more.
      if ((await documents.count(collection)) < known.records.size) known = undefined;
    }
    if (known === undefined || isOld) known = await readAll();
    const records = [...known.records.values()].filter((record) => record !== undefined);
    const sorted = records.toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1));
    return new Map(sorted.map((record) => [record.cluster, record]));
  }

  return {
    // One at a time; who comes meanwhile shares the next: what it has to see may be newer than the one under way.
    every() {
      waiting ??= (async () => {
        await running.catch(() => undefined);
        waiting = undefined;
        const reading = readNow();
        running = reading;
        return reading;
      })();
      return waiting;
    },
    forget(path) {
      known?.records.delete(idIn({ name: path }));
    },
  };
}

function writtenAtOf(document: Document | undefined): number {
  return Written.safeParse(document?.fields).data ?? 0;
}

function idIn({ name }: Pick<Document, 'name'>): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
