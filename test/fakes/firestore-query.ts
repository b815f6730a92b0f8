import * as z from 'zod';

/** A document in place. */
export interface Stored {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly updateTime: string;
}

const Value = z.union([
  z.object({ stringValue: z.string() }),
  z.object({ referenceValue: z.string() }),
  z.object({ booleanValue: z.boolean() }),
  z.object({ timestampValue: z.string() }),
  z.object({ arrayValue: z.object({ values: z.array(z.unknown()).default([]) }) }),
]);
type Value = z.infer<typeof Value>;

const Filter = z.object({
  fieldFilter: z.object({
    field: z.object({ fieldPath: z.string() }),
    op: z.enum(['GREATER_THAN_OR_EQUAL', 'GREATER_THAN', 'LESS_THAN', 'EQUAL', 'ARRAY_CONTAINS']),
    value: Value,
  }),
});
type Filter = z.infer<typeof Filter>['fieldFilter'];

const Where = z
  .union([Filter, z.object({ compositeFilter: z.object({ filters: z.array(Filter) }) })])
  .transform((where) => ('fieldFilter' in where ? [where] : where.compositeFilter.filters))
  .transform((filters) => filters.map(({ fieldFilter }) => fieldFilter));

const From = z.tuple([z.object({ collectionId: z.string() })]);

const Query = z.object({
  structuredQuery: z.object({
    from: From,
    where: Where.default([]),
    orderBy: z.array(
      z.object({
        field: z.object({ fieldPath: z.string() }),
        direction: z.literal('DESCENDING').optional(),
      }),
    ),
    startAt: z.object({ values: z.array(Value), before: z.literal(false) }).optional(),
    select: z.object({ fields: z.array(z.object({ fieldPath: z.string() })) }).optional(),
    limit: z.number(),
  }),
});

const Count = z.object({
  structuredAggregationQuery: z.object({
    structuredQuery: z.object({ from: From, where: Where.default([]) }),
  }),
});

interface Placed {
  readonly document: Stored;
  readonly place: readonly string[];
}

/** Documents by what they were last ordered by, until one is written: pages of one query sort once. */
export type Orders = Map<string, readonly Placed[]>;

/** The documents that a query finds; one without a field that orders, or has a condition, is not found. */
export function runQuery(
  documents: Iterable<Stored>,
  root: string,
  { body, orders }: { readonly body: unknown; readonly orders: Orders },
): Stored[] {
  const { from, where, orderBy, startAt, select, limit } = Query.parse(body).structuredQuery;
  const fields = [...new Set([...orderBy.map(({ field }) => field.fieldPath), '__name__'])];
  const sign = orderBy[0]?.direction === 'DESCENDING' ? -1 : 1;
  const prefix = `${root}/${from[0].collectionId}/`;
  const key = JSON.stringify([prefix, fields, sign]);
  const sorted = orders.get(key) ?? inOrder(inCollection(documents, prefix), fields, sign);
  orders.set(key, sorted);
  const after = startAt?.values.map(keyOf);
  const found: Stored[] = [];
  for (const { document, place } of sorted) {
    if (found.length >= limit) break;
    if (after !== undefined && sign * compare(place.slice(0, after.length), after) <= 0) continue;
    if (where.every((filter) => meets(document, filter))) found.push(document);
  }
  return found.map((document) =>
    masked(
      document,
      select?.fields.map(({ fieldPath }) => fieldPath),
    ),
  );
}

function inOrder(
  documents: readonly Stored[],
  fields: readonly string[],
  sign: 1 | -1,
): readonly Placed[] {
  return documents
    .flatMap((document) => {
      const place = fields.map((field) => valueOf(document, field));
      return place.includes(undefined) ? [] : [{ document, place: place.map(keyOf) }];
    })
    .toSorted((a, b) => sign * compare(a.place, b.place));
}

export function countQuery(documents: Iterable<Stored>, root: string, body: unknown): number {
  const { from, where } = Count.parse(body).structuredAggregationQuery.structuredQuery;
  return inCollection(documents, `${root}/${from[0].collectionId}/`).filter((document) =>
    where.every((filter) => meets(document, filter)),
  ).length;
}

/** With the fields of those paths only. */
export function masked(document: Stored, paths: readonly string[] | undefined): Stored {
  if (paths === undefined) return document;
  const kept = Object.entries(document.fields).filter(([field]) => paths.includes(field));
  return { ...document, fields: Object.fromEntries(kept) };
}

/** Those of the collection itself, not of what is below its documents. */
function inCollection(documents: Iterable<Stored>, prefix: string): readonly Stored[] {
  return [...documents].filter(
    ({ name }) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'),
  );
}

function meets(document: Stored, { field, op, value }: Filter): boolean {
  const found = valueOf(document, field.fieldPath);
  if (found === undefined) return false;
  if (op === 'ARRAY_CONTAINS') {
    const values = 'arrayValue' in found ? found.arrayValue.values : [];
    return values.some((one) => keyOf(Value.parse(one)) === keyOf(value));
  }
  const order = compare([keyOf(found)], [keyOf(value)]);
  if (op === 'EQUAL') return order === 0;
  if (op === 'LESS_THAN') return order < 0;
  return op === 'GREATER_THAN' ? order > 0 : order >= 0;
}

function valueOf({ name, fields }: Stored, field: string): Value | undefined {
  return field === '__name__' ? { referenceValue: name } : Value.safeParse(fields[field]).data;
}

/** What a value is ordered by among others of its type; another type never compares as equal. */
function keyOf(value: Value | undefined): string {
  if (value === undefined || 'arrayValue' in value) return '';
  if ('stringValue' in value) return `s${value.stringValue}`;
  if ('referenceValue' in value) return `r${value.referenceValue}`;
  if ('booleanValue' in value) return `b${value.booleanValue}`;
  return `t${new Date(value.timestampValue).toISOString()}`;
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] ?? '';
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
