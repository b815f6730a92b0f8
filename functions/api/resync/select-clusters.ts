import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type Reference, parseReference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { formatSyncRef, parseSyncRef } from '#shared/core/sync-ref.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { findCluster } from '../find-cluster.ts';
import { readRecords } from '../fleet/read-snapshot.ts';
import type { ResyncBody } from '../schema/resync.ts';

/** What a resync is about, looked up. */
export interface Selection {
  /** In order of name. */
  readonly members: readonly Member[];
  readonly image?: { readonly reference: Reference; readonly rule: ImageRule };
}

type SelectDeps = Pick<ApiDeps, 'fleet' | 'store' | 'rules'>;

/**
 * The clusters that a resync concerns: those that follow the image, those that have the RSync, and in any case those
 * that nothing is known of yet. Throws `bad-request`, `bad-reference`, `cluster-not-found`.
 */
export async function selectClusters(
  { image, digest, cluster, sync }: ResyncBody,
  deps: SelectDeps,
): Promise<Selection> {
  if (digest !== undefined && image === undefined) {
    throw new CountersignError('bad-request', 'json.digest: needs json.image, whose digest it is');
  }
  const ref = sync === undefined ? undefined : formatSyncRef(parseSyncRef(sync));
  const named = image === undefined ? undefined : nameImage(image, deps);
  const members =
    cluster === undefined
      ? (await deps.fleet.list()).members
      : [await findCluster(cluster, deps.fleet)];
  const following = named && (await whoFollows(named, members, deps));
  const having = ref === undefined ? undefined : await whoHas(ref, members, deps.store);
  return {
    members: members
      .filter(({ name }) => following?.has(name) ?? true)
      .filter(({ name }) => having?.has(name) ?? true)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...defined({ image: named }),
  };
}

function nameImage(image: string, { rules }: SelectDeps): NonNullable<Selection['image']> {
  const reference = parseReference(image);
  const rule = rules.match(reference.repository);
  if (rule !== undefined) return { reference, rule };
  const message = `json.image: no entry of "images" in the config names ${reference.repository}`;
  throw new CountersignError('bad-request', message);
}

async function whoFollows(
  { reference, rule }: NonNullable<Selection['image']>,
  members: readonly Member[],
  { store, rules }: SelectDeps,
): Promise<ReadonlySet<string>> {
  const { known, following } = await store.followers(reference.repository);
  const concerned = members.filter(
    ({ name, labels }) => rules.selects(rule, labels) && (following.has(name) || !known.has(name)),
  );
  return new Set(concerned.map(({ name }) => name));
}

/** All but those that were looked at, and have no such RSync. */
async function whoHas(
  sync: string,
  members: readonly Member[],
  store: SelectDeps['store'],
): Promise<ReadonlySet<string>> {
  const having = new Set(members.map(({ name }) => name));
  for await (const { cluster, reconciledAt, syncs } of recordsOf(members, store)) {
    if (reconciledAt !== undefined && syncs.every((row) => row.sync !== sync)) {
      having.delete(cluster);
    }
  }
  return having;
}

async function* recordsOf(
  members: readonly Member[],
  store: SelectDeps['store'],
): AsyncGenerator<ClusterRecord> {
  const [only, ...more] = members;
  if (only === undefined || more.length > 0) return yield* readRecords(store);
  const record = await store.readCluster(only.name);
  if (record !== undefined) yield record;
}
