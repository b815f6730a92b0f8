import { admitsAt, includesHeld } from './admits.ts';
import type { FleetCluster, FleetSync } from './fleet.ts';
import type { RolloutRecord } from './record.ts';
import {
  type Openings,
  type Place,
  type Strategy,
  countOf,
  openingsAt,
  stageOf,
} from './strategy.ts';

/**
 * How a cluster stands to a roll-out. Of several RSyncs the first of this list counts, so a cluster is live when all of
 * them are.
 */
export const STANDINGS = [
  'failed',
  /** Out of reach, whatever it was when it was last seen: it holds no slot, and it is no evidence. */
  'unreachable',
  /** Let in, and not live yet; or never looked at. */
  'under-way',
  'waiting',
  /** Failing as it was before the roll-out came. */
  'failed-before',
  /** Failing or out of reach, and a person chose to go on. */
  'ignored',
  'live',
  /** Held back, and without the digest. One that has the digest counts as what it is. */
  'held',
  /** None of its RSyncs follows the image. */
  'absent',
] as const;

export type Standing = (typeof STANDINGS)[number];

/**
 * How a cluster stands to a roll-out, by what is known of it.
 *
 * @example
 * standing(record, strategy, cluster, now) // 'under-way'
 */
export function standing(
  record: RolloutRecord,
  strategy: Strategy,
  cluster: FleetCluster,
  now: Date,
): Standing {
  return standingAt(record, strategy, cluster, { now, isOpen: openingsAt(strategy, now) });
}

/** The instant at which clusters are looked at, and what windows and freezes allow then. */
export interface Instant {
  readonly now: Date;
  readonly isOpen: Openings;
}

function standingAt(
  record: RolloutRecord,
  strategy: Strategy,
  cluster: FleetCluster,
  instant: Instant,
): Standing {
  const { syncs } = cluster;
  const unknown = { sync: '', failedBefore: false, held: false };
  const found = (syncs ?? [unknown]).map((sync) =>
    ofSync(record, strategy, cluster, sync, instant),
  );
  const worst = STANDINGS.find((candidate) => found.includes(candidate)) ?? 'absent';
  // Of what follows the image it is not known how it is.
  const now = cluster.reachable || worst === 'absent' || worst === 'held' ? worst : 'unreachable';
  const ignored = record.ignored.includes(cluster.cluster);
  return ignored && (now === 'failed' || now === 'unreachable') ? 'ignored' : now;
}

function ofSync(
  record: RolloutRecord,
  strategy: Strategy,
  { cluster, labels }: FleetCluster,
  sync: FleetSync,
  { now, isOpen }: Instant,
): Standing {
  const { digest } = record;
  const has = sync.approved === digest;
  if (sync.held && !has && !includesHeld(record, strategy, { labels })) return 'held';
  // A failure from before the approval says nothing of it: what was let in holds its slot until it is written.
  const failing = has && sync.failing !== undefined;
  if (has && sync.live === digest && !failing) return 'live';
  const admission = admitsAt(record, strategy, { ...sync, cluster, labels }, isOpen);
  if (!admission.allowed || admission.digest !== digest) return 'waiting';
  const since = Date.parse((has ? sync.approvedAt : stuckOn(digest, sync)) ?? '');
  // What is as far ahead is no time at all: without the gate anyone may have written it.
  const late = Math.abs(now.getTime() - since) > strategy.progressDeadlineMs;
  if (!failing && !late) return 'under-way';
  const before = has ? sync.failedBefore : since < Date.parse(record.openedAt);
  return before ? 'failed-before' : 'failed';
}

function stuckOn(digest: string, { stuck }: FleetSync): string | undefined {
  return stuck === undefined || (stuck.on ?? digest) !== digest ? undefined : stuck.since;
}

/** The clusters of a stage, by how they stand. */
export interface StageView extends Place {
  readonly of: Readonly<Record<Standing, readonly FleetCluster[]>>;
  /** Clusters that count: they follow the image, and are not held. Shares are shares of these. */
  readonly size: number;
}

/**
 * The whole fleet by stage, in the order of the strategy.
 *
 * @example
 * const [canary] = viewStages(record, strategy, fleet.clusters, { now, isOpen: openingsAt(strategy, now) });
 */
export function viewStages(
  record: RolloutRecord,
  strategy: Strategy,
  clusters: readonly FleetCluster[],
  instant: Instant,
): readonly StageView[] {
  const views = strategy.stages.map((stage, index) => ({ index, stage, of: emptyView() }));
  for (const cluster of clusters) {
    const { index } = stageOf(strategy, cluster.labels);
    views[index]?.of[standingAt(record, strategy, cluster, instant)].push(cluster);
  }
  return views.map((view) => {
    const size = STANDINGS.slice(0, -2).reduce((sum, name) => sum + view.of[name].length, 0);
    return { ...view, size };
  });
}

/** What clusters wait for that may not start now: a freeze, where that is what keeps each of them. */
export function whyShut(clusters: readonly FleetCluster[], isOpen: Openings): 'freeze' | 'window' {
  return clusters.every(({ labels }) => isOpen.frozen(labels) !== undefined) ? 'freeze' : 'window';
}

/** Whether more clusters of the stage failed than it tolerates. */
export function hasTooMany({ stage, size }: StageView, failed: readonly FleetCluster[]): boolean {
  return failed.length > countOf(stage.maxFailures, size, 0);
}

/** Of the clusters that failed, those that had the digest: where it was never approved, it did no harm. */
export function ranBadly(
  { of }: StageView,
  { digest }: Pick<RolloutRecord, 'digest'>,
): readonly FleetCluster[] {
  return of.failed.filter(({ syncs = [] }) =>
    syncs.some(
      ({ approved, live, failing }) =>
        approved === digest && (live !== digest || failing !== undefined),
    ),
  );
}

/**
 * How many clusters a roll-out has under way: what it takes of `clustersAtOnce`.
 *
 * @example
 * const elsewhere = others.reduce((sum, other) => sum + countUnderWay(other.record, other.strategy, clusters, now), 0);
 */
export function countUnderWay(
  record: RolloutRecord,
  strategy: Strategy,
  clusters: readonly FleetCluster[],
  now: Date,
): number {
  const instant = { now, isOpen: openingsAt(strategy, now) };
  return clusters.filter(
    (cluster) => standingAt(record, strategy, cluster, instant) === 'under-way',
  ).length;
}

function emptyView(): Record<Standing, FleetCluster[]> {
  return {
    failed: [],
    unreachable: [],
    'under-way': [],
    waiting: [],
    'failed-before': [],
    ignored: [],
    live: [],
    held: [],
    absent: [],
  };
}
