import * as z from 'zod';
import type { Document, Documents, Write } from '#shared/net/firestore.ts';
import { idOf } from './firestore-records.ts';
import type { ClusterRecord } from './store.ts';

/**
 * Documents that the names of all clusters are in, so that a push reads these and not one for each follower. 1 MiB holds
 * what 100,000 clusters follow, of 40 repositories each (docs/adr/0046).
 */
export const SHARDS = 64;

/** Of a cluster that follows more, the names say only that it follows many. */
export const MAX_NAMED = 40;

/** Documents in one answer: at 100,000 clusters about 4 MiB. */
const PAGE = 16;

const NAMES = 'names';
const MANY = '*';

const Shard = z.object({
  clusters: z.object({
    mapValue: z.object({ fields: z.record(z.string(), z.unknown()).default({}) }),
  }),
});

/** Of letters and digits, beginning with a letter: such a field needs no quotes in a mask. */
const KEY = /^c[0-9a-f]{24}$/;

/** What is none hides no other, and is removed when names are mended. */
const Entry = z
  .object({ stringValue: z.string().includes(' ') })
  .transform(({ stringValue }) => stringValue)
  .catch('');

/** What the names say of one repository. */
export interface FoundNames {
  /** The clusters that have been reconciled. */
  readonly known: ReadonlySet<string>;
  readonly following: ReadonlySet<string>;
  /** There are clusters that follow many, and maybe this one. */
  readonly some: boolean;
}

/** Who follows a repository; a document of another shape has no names. */
export async function findNames(documents: Documents, repository: string): Promise<FoundNames> {
  const mark = markOf(repository);
  const known = new Set<string>();
  const following = new Set<string>();
  let some = false;
  for (const { entries } of await readShards(documents)) {
    for (const text of entries.values()) {
      if (text === '') continue;
      const end = text.indexOf(' ');
      const cluster = text.slice(end + 1);
      const marks = text.slice(0, end).split(',');
      known.add(cluster);
      if (marks.includes(mark)) following.add(cluster);
      some ||= marks[0] === MANY;
    }
  }
  return { known, following, some };
}

/** The writes that bring the names from one record of a cluster to the next; mostly there are none. */
export function nameWrites(
  cluster: string,
  before: ClusterRecord | undefined,
  after: ClusterRecord | undefined,
): readonly Write[] {
  const text = after && textOf(after);
  return (before && textOf(before)) === text ? [] : [nameWrite(cluster, text)];
}

/** The write that sets or removes what the names say of a cluster, whatever they say now. */
export function nameWriteOf(cluster: string, record: ClusterRecord | undefined): Write {
  return nameWrite(cluster, record && textOf(record));
}

function nameWrite(cluster: string, text: string | undefined): Write {
  const { path, key } = placeOf(cluster);
  return merge(path, new Map([[key, text]]));
}

/**
 * Makes the names say what the records say: those of a store that an earlier version wrote, and those that were lost.
 * `readRecords` is called after the names were read, and a document of them that another writer changes meanwhile is left
 * to the next time: it may say something newer.
 */
export async function mendNames(
  documents: Documents,
  readRecords: () => Promise<ReadonlyMap<string, ClusterRecord>>,
): Promise<void> {
  const shards = new Map((await readShards(documents)).map((shard) => [shard.path, shard]));
  const wanted = new Map<string, Map<string, string | undefined>>();
  for (const { path, entries } of shards.values()) {
    wanted.set(path, new Map([...entries.keys()].map((key) => [key, undefined])));
  }
  for (const record of (await readRecords()).values()) {
    const text = textOf(record);
    if (text === undefined) continue;
    const { path, key } = placeOf(record.cluster);
    const entries = wanted.get(path) ?? new Map<string, string | undefined>();
    wanted.set(path, entries.set(key, text));
  }
  for (const [path, entries] of wanted) {
    const shard = shards.get(path);
    const wrong = [...entries].filter(([key, text]) => shard?.entries.get(key) !== text);
    if (wrong.length === 0) continue;
    const when = shard === undefined ? { exists: false } : { updateTime: shard.updateTime };
    await documents.commit([{ ...merge(path, new Map(wrong)), when }]);
  }
}

interface Entries {
  readonly path: string;
  readonly updateTime: string;
  readonly entries: ReadonlyMap<string, string>;
}

async function readShards(documents: Documents): Promise<readonly Entries[]> {
  const found: Entries[] = [];
  for (let after: unknown; ; ) {
    const query = { collection: NAMES, orderBy: '__name__', after, limit: PAGE };
    const page = await documents.query(query);
    found.push(...page.map(entriesOf));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return found;
    after = { referenceValue: last.name };
  }
}

function entriesOf({ name, fields, updateTime }: Document): Entries {
  const { data } = Shard.safeParse(fields);
  const all = Object.entries(data?.clusters.mapValue.fields ?? {});
  const path = name.slice(name.lastIndexOf(`${NAMES}/`));
  return {
    path,
    updateTime,
    entries: new Map(
      all.filter(([key]) => KEY.test(key)).map(([key, value]) => [key, Entry.parse(value)]),
    ),
  };
}

/** By a hash, so that clusters that are written at once are written to many documents. */
function placeOf(cluster: string): { readonly path: string; readonly key: string } {
  const id = idOf(cluster);
  const shard = Number.parseInt(id.slice(0, 2), 16) % SHARDS;
  return { path: `${NAMES}/${shard}`, key: `c${id.slice(0, 24)}` };
}

function merge(
  path: string,
  entries: ReadonlyMap<string, string | undefined>,
): Extract<Write, { readonly merge: string }> {
  const there = [...entries].flatMap(([key, text]) =>
    text === undefined ? [] : [[key, { stringValue: text }] as const],
  );
  const clusters = { mapValue: { fields: Object.fromEntries(there) } };
  const mask = [...entries.keys()].map((key) => `clusters.${key}`);
  return { merge: path, fields: there.length === 0 ? {} : { clusters }, mask };
}

/** Before its first completed reconcile a cluster follows nothing that is known, and has no entry. */
function textOf({ cluster, reconciledAt, follows }: ClusterRecord): string | undefined {
  if (reconciledAt === undefined) return undefined;
  const names = new Set(follows);
  const marks = names.size > MAX_NAMED ? [MANY] : [...names].map(markOf).toSorted();
  return `${marks.join(',')} ${cluster}`;
}

/** What stands for a repository: two that share it cost a task for nothing. */
function markOf(repository: string): string {
  return idOf(repository).slice(0, 12);
}
