import * as z from 'zod';
import { type Orders, type Stored, countQuery, masked, runQuery } from './firestore-query.ts';

const Precondition = z
  .object({ exists: z.boolean().optional(), updateTime: z.string().optional() })
  .optional();

const Fields = z.record(z.string(), z.unknown());

const Commit = z.object({
  writes: z.array(
    z.object({
      update: z.object({ name: z.string(), fields: Fields.default({}) }).optional(),
      updateMask: z.object({ fieldPaths: z.array(z.string()) }).optional(),
      updateTransforms: z
        .array(z.object({ fieldPath: z.string(), setToServerValue: z.literal('REQUEST_TIME') }))
        .default([]),
      delete: z.string().optional(),
      currentDocument: Precondition,
    }),
  ),
});

const BatchGet = z.object({
  documents: z.array(z.string()),
  mask: z.object({ fieldPaths: z.array(z.string()) }).optional(),
});

export interface FakeFirestore {
  readonly fetch: typeof fetch;
  /** By full name; tests change and delete what is there. */
  readonly documents: Map<string, Stored>;
  /** Before the next commits: `lose` applies one and breaks its answer, `throttle` answers 429. */
  readonly mishaps: ('lose' | 'throttle')[];
  /** What Firestore would have billed; tests set it back. */
  readonly billed: { reads: number; writes: number; deletes: number };
  /** Moves the clock. */
  readonly pass: (milliseconds: number) => void;
}

/**
 * As much of Firestore's REST API (v1) as store, records and history use: batchGet, runQuery and count by conditions on
 * fields, commit with preconditions, masks and the time of the commit. Counted is what is billed: a document that is not
 * there, and a query that finds none, cost a read as well; a count costs one for a thousand.
 */
export function createFakeFirestore(): FakeFirestore {
  const orders: Orders = new Map();
  const documents = new Map<string, Stored>();
  const set = documents.set.bind(documents);
  const remove = documents.delete.bind(documents);
  documents.set = (name, document) => {
    orders.clear();
    return set(name, document);
  };
  documents.delete = (name) => {
    orders.clear();
    return remove(name);
  };
  const mishaps: ('lose' | 'throttle')[] = [];
  const billed = { reads: 0, writes: 0, deletes: 0 };
  let ticks = Date.parse('2026-11-22T05:00:00Z');

  function commit(body: unknown): Response {
    const { writes } = Commit.parse(body);
    for (const { update, delete: gone, currentDocument: when } of writes) {
      const now = documents.get(update?.name ?? gone ?? '');
      const met =
        (when?.exists === undefined || when.exists === (now !== undefined)) &&
        (when?.updateTime === undefined || when.updateTime === now?.updateTime);
      if (!met) return refusal(now === undefined ? 404 : 409, 'FAILED_PRECONDITION');
    }
    ticks += 1;
    const updateTime = new Date(ticks).toISOString();
    for (const { update, updateMask, updateTransforms, delete: gone } of writes) {
      if (gone !== undefined) {
        documents.delete(gone);
        billed.deletes += 1;
      }
      if (update === undefined) continue;
      const { name } = update;
      const fields = updateMask
        ? merge(documents.get(name)?.fields, update.fields, updateMask.fieldPaths)
        : update.fields;
      const stamps = updateTransforms.map(({ fieldPath }) => [
        fieldPath,
        { timestampValue: updateTime },
      ]);
      documents.set(name, {
        name,
        fields: { ...fields, ...Object.fromEntries(stamps) },
        updateTime,
      });
      billed.writes += 1;
    }
    const writeResults = writes.map(({ update }) => (update === undefined ? {} : { updateTime }));
    return Response.json({ writeResults, commitTime: updateTime });
  }

  return {
    documents,
    mishaps,
    billed,
    pass(milliseconds) {
      ticks += milliseconds;
    },
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const body: unknown = await request.json();
      const [, root = '', method] = /\/v1\/(.*):([a-zA-Z]+)$/.exec(request.url) ?? [];
      if (method === 'batchGet') {
        const { documents: names, mask } = BatchGet.parse(body);
        const readTime = new Date(ticks).toISOString();
        billed.reads += names.length;
        return Response.json(
          names.map((name) => {
            const found = documents.get(name);
            if (found === undefined) return { missing: name, readTime };
            return { found: masked(found, mask?.fieldPaths), readTime };
          }),
        );
      }
      if (method === 'runQuery') {
        const found = runQuery(documents.values(), root, { body, orders });
        billed.reads += Math.max(1, found.length);
        return Response.json(found.map((document) => ({ document })));
      }
      if (method === 'runAggregationQuery') {
        const count = countQuery(documents.values(), root, body);
        billed.reads += Math.max(1, Math.ceil(count / 1000));
        const integerValue = String(count);
        return Response.json([{ result: { aggregateFields: { count: { integerValue } } } }]);
      }
      if (method !== 'commit') return refusal(404, 'NOT_FOUND');
      const mishap = mishaps.shift();
      if (mishap === 'throttle') return refusal(429, 'RESOURCE_EXHAUSTED');
      const answer = commit(body);
      if (mishap === 'lose') throw new TypeError('fetch failed');
      return answer;
    },
  };
}

const FieldMap = z.object({ mapValue: z.object({ fields: Fields.default({}) }) });

/** Sets what the paths name, of a map one field at a time; a path without a value removes what is there. */
function merge(
  before: Readonly<Record<string, unknown>> = {},
  fields: Readonly<Record<string, unknown>>,
  paths: readonly string[],
): Readonly<Record<string, unknown>> {
  const after: Record<string, unknown> = { ...before };
  for (const path of paths) {
    const [field = '', key] = path.split('.');
    if (key === undefined) {
      if (fields[field] === undefined) delete after[field];
      else after[field] = fields[field];
      continue;
    }
    const entries = { ...FieldMap.safeParse(after[field]).data?.mapValue.fields };
    const value = FieldMap.safeParse(fields[field]).data?.mapValue.fields[key];
    if (value === undefined) delete entries[key];
    else entries[key] = value;
    after[field] = { mapValue: { fields: entries } };
  }
  return after;
}

function refusal(code: number, status: string): Response {
  return Response.json({ error: { code, message: `It is ${status}`, status } }, { status: code });
}
