import { defined } from '#shared/core/defined.ts';
import { tryReference } from '#shared/core/reference.ts';
import type { FleetList, Member } from '#shared/fleet/fleet.ts';
import type { ClusterRecord, Store, SyncRow } from '#shared/store/store.ts';

const PAGE = 200;

/** What the fleet is, and what is known of it. */
export interface Snapshot {
  readonly members: readonly Member[];
  /** By cluster; of clusters that left the fleet there is none. */
  readonly records: ReadonlyMap<string, ClusterRecord>;
  /** A part of the fleet could not be listed: members are missing that have not left. */
  readonly partial?: true;
}

export interface KnownSync {
  readonly record: ClusterRecord;
  readonly row: SyncRow;
}

/**
 * What the fleet is, and what is known of it.
 *
 * @example
 * const snapshot = snapshotOf(await fleet.list(), await store.everyCluster());
 */
export function snapshotOf(
  { members, unreachable }: FleetList,
  records: Snapshot['records'],
): Snapshot {
  return unreachable.length === 0 ? { members, records } : { members, records, partial: true };
}

/** The records of the store behind the cluster `after`, in order of cluster, page by page. */
export async function* eachRecord(
  store: Pick<Store, 'listClusters'>,
  after?: string,
): AsyncGenerator<ClusterRecord, void> {
  const page = await store.listClusters(defined({ after, limit: PAGE }));
  yield* page;
  const last = page.at(-1);
  if (last !== undefined && page.length === PAGE) yield* eachRecord(store, last.cluster);
}

/** Every RSync of the snapshot, in order of cluster. */
export function syncsOf({ records }: Pick<Snapshot, 'records'>): readonly KnownSync[] {
  return [...records.values()].flatMap((record) => record.syncs.map((row) => ({ record, row })));
}

/** The repository that an image is of; undefined where there is none, or where tasks and the store hold no reference. */
export function repositoryOf({ image }: { readonly image?: string }): string | undefined {
  return image === undefined ? undefined : tryReference(image)?.repository;
}
