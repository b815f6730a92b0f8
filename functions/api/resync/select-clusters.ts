import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReference, type Reference } from '#shared/core/reference.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { eachRecord } from '#shared/reconcile/snapshot.ts';
import type { ApiDeps } from '../deps.ts';
import { findCluster } from '../find-cluster.ts';
import { nameImage, type NamedImage } from '../verify-image.ts';
import type { ResyncBody } from './operation.ts';

/** What a resync is about, looked up. */
export interface Selection {
  /** In order of name. */
  readonly members: readonly Member[];
  readonly image?: NamedImage;
  /** What is to be approved before its tag moves to it. */
  readonly ahead?: Reference;
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
  const named = image === undefined ? undefined : nameImage(image, deps);
  if (digest !== undefined && named === undefined) {
    throw new CountersignError('bad-request', 'json.digest: needs json.image, whose digest it is');
  }
  const members =
    cluster === undefined
      ? (await deps.fleet.list()).members
      : [await findCluster(cluster, deps.fleet)];
  const following = named && (await whoFollows(named, members, deps));
  const lacking = sync === undefined ? undefined : await whoLacks(sync, members, deps.store);
  const ahead = named && digest && parseReference(`${named.reference.repository}@${digest}`);
  return {
    members: members
      .filter(({ name }) => (following?.has(name) ?? true) && !lacking?.has(name))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...defined({ image: named, ahead: ahead || undefined }),
  };
}

async function whoFollows(
  { reference, rule }: NamedImage,
  members: readonly Member[],
  { store, rules }: SelectDeps,
): Promise<ReadonlySet<string>> {
  const { known, following } = await store.followers(reference.repository);
  const concerned = members.filter(
    ({ name, labels }) => rules.selects(rule, labels) && (following.has(name) || !known.has(name)),
  );
  return new Set(concerned.map(({ name }) => name));
}

/** Those that were looked at, and have no such RSync. */
async function whoLacks(
  sync: string,
  [only, ...more]: readonly Member[],
  store: SelectDeps['store'],
): Promise<ReadonlySet<string>> {
  const isOne = only !== undefined && more.length === 0;
  const records = isOne ? [await store.readCluster(only.name)] : eachRecord(store);
  const lacking = new Set<string>();
  for await (const record of records) {
    if (record?.reconciledAt === undefined) continue;
    if (record.syncs.every((row) => row.sync !== sync)) lacking.add(record.cluster);
  }
  return lacking;
}
