import type { ImageRules } from '#shared/config/image-rules.ts';
import { defined } from '#shared/core/defined.ts';
import type { Fleet, FleetCluster, FleetSync } from '#shared/core/rollout/fleet.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';

/** Whose fleet is wanted, and what the snapshot does not know of it. */
export interface FleetQuery extends Pick<Fleet, 'signedBy' | 'elsewhere'> {
  /** As its record names it: `host/path:tag`. */
  readonly image: string;
  readonly rule: ImageRule;
}

/** The fleet as each image has it. */
export interface Fleets {
  readonly snapshot: Snapshot;
  /**
   * The clusters that may follow an image, as the last looks found them: each member that its rule selects, in the order
   * of the fleet. What was never looked at has no RSyncs that are known.
   */
  of(query: FleetQuery): Fleet;
}

/** The clusters that a rule selects, as they are to an image that none of their RSyncs follows. */
interface Selection {
  readonly clusters: readonly FleetCluster[];
  readonly places: ReadonlyMap<string, number>;
}

/**
 * The fleets of the images of one snapshot. What is the same for all images is made once: a sweep asks for hundreds of
 * them, of thousands of clusters each.
 *
 * @example
 * const fleet = createFleets(snapshot, rules).of({ image, rule, signedBy: [], elsewhere: 0 });
 */
export function createFleets(snapshot: Snapshot, rules: Pick<ImageRules, 'selects'>): Fleets {
  const selections = new Map<ImageRule, Selection>();
  let followers: Followers | undefined;
  return {
    snapshot,
    of({ image, rule, signedBy, elsewhere }) {
      followers ??= followersIn(snapshot);
      const selection = selections.get(rule) ?? selectBy(rule, rules, snapshot);
      selections.set(rule, selection);
      const clusters = [...selection.clusters];
      for (const record of followers.get(image) ?? []) {
        const at = selection.places.get(record.cluster);
        const bare = at === undefined ? undefined : clusters[at];
        if (at === undefined || bare?.syncs === undefined) continue;
        const syncs = record.syncs.filter((row) => imageOf(row) === image).map(syncOf);
        clusters[at] = { ...bare, syncs };
      }
      return defined({ clusters, signedBy, elsewhere, partial: snapshot.partial });
    },
  };
}

/** By image: the records that have an RSync of it. */
type Followers = ReadonlyMap<string, readonly ClusterRecord[]>;

function followersIn({ records }: Snapshot): Followers {
  const followers = new Map<string, ClusterRecord[]>();
  for (const record of records.values()) {
    for (const image of new Set(record.syncs.map(imageOf))) {
      if (image === undefined) continue;
      const others = followers.get(image);
      if (others === undefined) followers.set(image, [record]);
      else others.push(record);
    }
  }
  return followers;
}

function selectBy(
  rule: ImageRule,
  rules: Pick<ImageRules, 'selects'>,
  { members, records }: Snapshot,
): Selection {
  const clusters = members
    .filter(({ labels }) => rules.selects(rule, labels))
    .map(({ name, labels }): FleetCluster => {
      const record = records.get(name);
      const syncs = record && isKnown(record) ? [] : undefined;
      return defined({ cluster: name, labels, reachable: isInReach(record), syncs });
    });
  return { clusters, places: new Map(clusters.map(({ cluster }, at) => [cluster, at])) };
}

/** A cluster that was never looked at is taken to be in reach: its first look is awaited. */
function isInReach(record: ClusterRecord | undefined): boolean {
  return record === undefined || record.phase === 'Reachable' || hasNothing(record);
}

/** Without Config Sync there is no RSync to wait for. */
function hasNothing({ phase, reconciledAt }: ClusterRecord): boolean {
  return phase === 'NoConfigSync' && reconciledAt === undefined;
}

/** Whether its RSyncs are known. */
function isKnown(record: ClusterRecord): boolean {
  return record.reconciledAt !== undefined || hasNothing(record);
}

/**
 * The image whose record a row is under; undefined of what follows none, or is about to be gone and waited for no more.
 *
 * @example
 * Map.groupBy(syncsOf(snapshot), ({ row }) => imageOf(row))
 */
export function imageOf({ image, staged, deleting }: SyncRow): string | undefined {
  return deleting === true ? undefined : (staged?.image ?? image);
}

/**
 * One RSync as a roll-out sees it.
 *
 * @example
 * syncOf(row).held
 */
export function syncOf(row: SyncRow): FleetSync {
  const { sync, approved, live, record, staged } = row;
  const { failure, since } = record;
  return defined({
    sync,
    approved: approved[0],
    // Of what has no receipt it is not known when it was approved: no later than it was seen so.
    approvedAt: staged && (staged.approvedAt ?? since),
    stuck: stuckOf(row),
    live,
    // A failure may be about nothing that has a key.
    failing: failure && (failure.digest ?? ''),
    failedBefore: staged?.failedBefore === true,
    held: staged?.hold !== undefined,
    receipt: staged?.receipt,
  });
}

function stuckOf({ unsettled, staged }: SyncRow): FleetSync['stuck'] {
  // The rest of the row is what was known before.
  if (unsettled?.code.startsWith('cluster-') === true) return { since: unsettled.since };
  return staged?.stuck?.on === undefined ? undefined : staged.stuck;
}
