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

const Text = z.object({ stringValue: z.string() });

const Filter = z.object({
  fieldFilter: z.object({
    field: z.object({ fieldPath: z.string() }),
    op: z.enum(['GREATER_THAN_OR_EQUAL', 'LESS_THAN']),
    value: Text,
  }),
});

const Query = z.object({
  structuredQuery: z.object({
    from: z.tuple([z.object({ collectionId: z.string() })]),
    where: z.object({ compositeFilter: z.object({ filters: z.array(Filter) }) }).optional(),
    orderBy: z.tuple([
      z.object({
        field: z.object({ fieldPath: z.string() }),
        direction: z.literal('DESCENDING').optional(),
      }),
    ]),
    startAt: z
      .object({
        values: z.tuple([z.union([z.object({ referenceValue: z.string() }), Text])]),
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

/**
 * As much of Firestore's REST API (v1) as records and history use: batchGet, runQuery by name or the text of one field,
 * count, commit with preconditions.
 */
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

  /** A document without the field that orders is in no answer. */
  function query(
    root: string,
    { from, where, orderBy, startAt, limit }: z.infer<typeof Query>['structuredQuery'],
  ): readonly Stored[] {
    const [{ field, direction }] = orderBy;
    const [after] = startAt?.values ?? [];
    const last = after && Object.values(after)[0];
    const filters = where?.compositeFilter.filters ?? [];
    return inOrder(root, from[0].collectionId)
      .flatMap((document) => {
        const place = placeOf(document, field.fieldPath);
        return place === undefined ? [] : [{ document, place }];
      })
      .toSorted((a, b) => (a.place < b.place === (direction === undefined) ? -1 : 1))
      .filter(({ document, place }) => {
        const meets = filters.every(({ fieldFilter: { field: of, op, value } }) => {
          const found = placeOf(document, of.fieldPath) ?? '';
          return op === 'LESS_THAN' ? found < value.stringValue : found >= value.stringValue;
        });
        return meets && (last === undefined || place > last);
      })
      .map(({ document }) => document)
      .slice(0, limit);
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
        const found = query(root, Query.parse(body).structuredQuery);
        return Response.json(found.map((document) => ({ document })));
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

function placeOf({ name, fields }: Stored, field: string): string | undefined {
  return field === '__name__' ? name : Text.safeParse(fields[field]).data?.stringValue;
}

function refusal(code: number, status: string): Response {
  return Response.json({ error: { code, message: `It is ${status}`, status } }, { status: code });
}
