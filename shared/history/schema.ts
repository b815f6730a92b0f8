import * as z from 'zod';
import { cleanLine } from '#shared/core/foreign-text.ts';
import { tryReference } from '#shared/core/reference.ts';
import { parseJson } from '#shared/net/json.ts';
import { type Entry, type Facet, FACETS, type HistoryQuery } from './history.ts';

/** Of what one event says, as JSON: an event with fifty errors has a fifth of it where they are short. */
export const MAX_DATA_BYTES = 64 * 1024;

/** Of a value that entries are asked for by: Firestore indexes 1,500 bytes of a text, with time and id behind it. */
const MAX_VALUE_BYTES = 1_024;

/** What every sweep publishes: it is kept, and only there where it is asked for by its type. */
const EACH_MINUTE = 'sweep.completed';

const DAY_MS = 24 * 60 * 60 * 1000;

/** An entry as text that this or a later version has written. */
const Stored: z.ZodType<Entry> = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.iso.datetime(),
  type: z.string(),
  severity: z.string(),
  publisher: z.string().exactOptional(),
  data: z.record(z.string(), z.unknown()),
  cut: z.literal(true).exactOptional(),
});

/** The entry in a text; undefined where it is none. */
export function readEntry(text: string): Entry | undefined {
  return Stored.safeParse(parseJson(text)).data;
}

/** The entry as text, its data cut where they are too large. */
export function writeEntry(entry: Entry): string {
  const { data } = entry;
  if (Buffer.byteLength(JSON.stringify(data)) <= MAX_DATA_BYTES) return JSON.stringify(entry);
  const plain = Object.entries(data).filter(([, value]) => typeof value !== 'object');
  const cut: Entry = { ...entry, data: Object.fromEntries(plain), cut: true };
  return Buffer.byteLength(JSON.stringify(cut.data)) <= MAX_DATA_BYTES
    ? JSON.stringify(cut)
    : JSON.stringify({ ...cut, data: {} });
}

/** Where an entry stands among all others: texts that are in order as the entries are. */
export function placeOf({ time, id }: Pick<Entry, 'time' | 'id'>): string {
  return `${time}_${id}`;
}

/**
 * Under what texts an entry is found, by facet. In each the place is last, so that what has the same value is in order
 * of time, and one index of one field answers a query.
 */
export function keysOf(entry: Entry): Readonly<Partial<Record<Facet, string>>> {
  const place = placeOf(entry);
  const values = FACETS.map((facet) => [facet, valueOf(entry, facet)] as const);
  return Object.fromEntries(
    values.flatMap(([facet, value]) =>
      value === undefined ? [] : [[facet, `${prefixOf(facet, value)}${place}`]],
    ),
  );
}

/** The keys of a query: from one, up to and without another. */
export function rangeOf({ by, since, before }: HistoryQuery): {
  readonly from: string;
  readonly before: string;
} {
  const prefix = prefixOf(by.facet, 'value' in by ? by.value : '');
  return { from: `${prefix}${since}`, before: `${prefix}${before}` };
}

/** What an entry is asked for by; undefined: it is in no answer of that facet. */
export function valueOf({ type, data }: Entry, facet: Facet): string | undefined {
  if (facet === 'time') return type === EACH_MINUTE ? undefined : '';
  if (facet === 'type') return type;
  const value = data[facet];
  if (typeof value !== 'string' || value === '') return undefined;
  return facet === 'image' ? (tryReference(value)?.repository ?? value) : value;
}

/** No value of a key has a break in it, so that none is the beginning of another one. */
function prefixOf(facet: Facet, value: string): string {
  if (facet === 'time') return '';
  const bytes = Buffer.from(cleanLine(value));
  return `${bytes.subarray(0, MAX_VALUE_BYTES).toString('utf8')}\n`;
}

/** When what is recorded now may be forgotten. */
export function expiryOf(now: Date, days: number): Date {
  return new Date(now.getTime() + days * DAY_MS);
}
