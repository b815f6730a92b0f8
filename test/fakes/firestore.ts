import * as z from 'zod';

/** A document in place. */
interface Stored {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly updateTime: string;
}

const Precondition = z
  .object({ exists: z.boolean().optional(), updateTime: z.string().optional() })
  .optional();

const Commit = z.object({
  writes: z.array(
    z.object({
      update: z.object({ name: z.string(), fields: z.record(z.string(), z.unknown()) }).optional(),
      delete: z.string().optional(),
      currentDocument: Precondition,
    }),
  ),
});

const Query = z.object({
  structuredQuery: z.object({
    from: z.tuple([z.object({ collectionId: z.string() })]),
    orderBy: z.tuple([z.object({ field: z.object({ fieldPath: z.literal('__name__') }) })]),
    startAt: z
      .object({
        values: z.tuple([z.object({ referenceValue: z.string() })]),
        before: z.literal(false),
      })
      .optional(),
    limit: z.number(),
  }),
});

const Count = z.object({
  structuredAggregationQuery: z.object({
    structuredQuery: z.object({ from: z.tuple([z.object({ collectionId: z.string() })]) }),
  }),
});

export interface FakeFirestore {
  readonly fetch: typeof fetch;
  /** By full name; tests change and delete what is there. */
  readonly documents: Map<string, Stored>;
  /** Before the next commits: `lose` applies one and breaks its answer, `throttle` answers 429. */
  readonly mishaps: ('lose' | 'throttle')[];
}

/** As much of Firestore's REST API (v1) as records use: batchGet, runQuery by name, count, commit with preconditions. */
export function createFakeFirestore(): FakeFirestore {
  const documents = new Map<string, Stored>();
  const mishaps: ('lose' | 'throttle')[] = [];
  let ticks = Date.parse('2026-11-22T05:00:00Z');

  function inOrder(root: string, collection: string): readonly Stored[] {
    const prefix = `${root}/${collection}/`;
    return [...documents.values()]
      .filter(({ name }) => name.startsWith(prefix))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

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
    for (const { update, delete: gone } of writes) {
      if (update !== undefined) documents.set(update.name, { ...update, updateTime });
      if (gone !== undefined) documents.delete(gone);
    }
    return Response.json({ commitTime: updateTime });
  }

  return {
    documents,
    mishaps,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const body: unknown = await request.json();
      const [, root = '', method] = /\/v1\/(.*):([a-zA-Z]+)$/.exec(request.url) ?? [];
      if (method === 'batchGet') {
        const { documents: names } = z.object({ documents: z.array(z.string()) }).parse(body);
        const readTime = new Date(ticks).toISOString();
        return Response.json(
          names.map((name) => {
            const found = documents.get(name);
            return found === undefined ? { missing: name, readTime } : { found, readTime };
          }),
        );
      }
      if (method === 'runQuery') {
        const { from, startAt, limit } = Query.parse(body).structuredQuery;
        const after = startAt?.values[0].referenceValue ?? '';
        const found = inOrder(root, from[0].collectionId).filter(({ name }) => name > after);
        return Response.json(found.slice(0, limit).map((document) => ({ document })));
      }
      if (method === 'runAggregationQuery') {
        const { from } = Count.parse(body).structuredAggregationQuery.structuredQuery;
        const integerValue = String(inOrder(root, from[0].collectionId).length);
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

function refusal(code: number, status: string): Response {
  return Response.json({ error: { code, message: `It is ${status}`, status } }, { status: code });
}
