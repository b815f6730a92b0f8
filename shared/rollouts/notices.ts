import { defined } from '#shared/core/defined.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { Change, Notice, RolloutRecord } from '#shared/core/rollout/record.ts';
import { type Standing, viewStages } from '#shared/core/rollout/standing.ts';
import { type Stage, type Strategy, openingsAt } from '#shared/core/rollout/strategy.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import type { RolloutEvent } from '#shared/status/events.ts';
import { imageOf } from './fleets.ts';
import { sentenceOf } from './sentence-of.ts';

/** What the fleet was when a change was decided, for what its events count. */
export interface Seen {
  readonly clusters: readonly FleetCluster[];
  /** The rows behind it. */
  readonly records: Snapshot['records'];
  /** Absent: it was taken away. */
  readonly strategy?: Strategy | undefined;
  /** What begins could not go back. */
  readonly noWayBack?: boolean;
}

/** RSyncs that an event names; the counts have all of them. */
const MAX_LAGGING = 50;
const MAX_MESSAGE = 200;

/**
 * The events of a change, in the order of its notices. Made again from the same record they have the same ids.
 *
 * @example
 * for (const event of eventsOf(advance(record, strategy, fleet, now), seen, now)) await publish(event);
 */
export function eventsOf(
  { record, notices }: Change,
  seen: Seen,
  now: Date,
): readonly RolloutEvent[] {
  const rollUps = new Map<string, RollUp>();
  return notices.map((notice) => {
    const rollUp = rollUps.get(notice.digest) ?? rollUpOf(record, notice.digest, seen, now);
    rollUps.set(notice.digest, rollUp);
    const noWayBack = notice.type === 'started' && seen.noWayBack === true;
    return describe(notice, record, { ...rollUp, noWayBack }, now);
  });
}

function describe(
  notice: Notice,
  record: RolloutRecord,
  { counts, lagging, noWayBack }: RollUp & { readonly noWayBack: boolean },
  now: Date,
): RolloutEvent {
  const { type, id, digest, stage, version, cause, checks, by, reason, request } = notice;
  const { clusters = [] } = notice;
  const named = new Set(clusters);
  const because = lagging.filter(({ cluster }) => named.has(cluster));
  const others = lagging.filter(({ cluster }) => !named.has(cluster));
  return {
    type: `rollout.${type}`,
    replaced: undefined,
    ...defined({
      severity: noWayBack || needsPerson(notice) ? ('WARNING' as const) : undefined,
      request,
    }),
    data: defined({
      image: record.image,
      digest,
      release: record.releases?.[digest]?.version,
      ...counts,
      lagging: [...because, ...others].slice(0, MAX_LAGGING),
      id,
      stage,
      // Of a roll-out that another one replaces, there is no record any more.
      status: id === record.id ? record.status : undefined,
      version,
      cause,
      checks: checks && [...checks],
      actor: by,
      reason,
      noWayBack: noWayBack ? (true as const) : undefined,
      since: now.toISOString(),
      errors: [],
      message: `${sentenceOf(notice)}; live on ${counts.live} of ${counts.syncs} RSyncs`,
    }),
  };
}

/** What stopped by itself, and goes on only when a person acts; or has waited for one since a day. */
function needsPerson({ type, cause, overdue }: Notice): boolean {
  return (
    overdue === true ||
    cause === 'tag' ||
    (type === 'paused' && cause !== undefined && cause !== 'person')
  );
}

type Counts = Pick<
  RolloutEvent['data'],
  'syncs' | 'clusters' | 'live' | 'failed' | 'unreachable' | 'underWay' | 'waiting' | 'held'
>;

interface RollUp {
  readonly counts: Counts;
  readonly lagging: RolloutEvent['data']['lagging'];
}

/** Without a strategy all clusters are in one stage. */
const ONE_STAGE: Stage = {
  name: 'all',
  selects: () => true,
  maxConcurrency: { percent: 100 },
  maxFailures: { percent: 100 },
  maxUnreachable: { percent: 100 },
  soakMs: 0,
  ifEmpty: 'skip',
};

const NO_STRATEGY: Strategy = {
  stages: [ONE_STAGE],
  progressDeadlineMs: Number.POSITIVE_INFINITY,
  onFailure: 'pause',
  onNewer: 'replace',
  newClusters: 'wait',
  freezes: [],
  clustersAtOnce: Number.POSITIVE_INFINITY,
};

/** How the RSyncs stand to one digest: a roll-out counts clusters, and people count RSyncs. */
function rollUpOf(
  record: RolloutRecord,
  digest: string,
  { clusters, records, strategy = NO_STRATEGY }: Seen,
  now: Date,
): RollUp {
  const single = clusters.flatMap(({ syncs = [], ...cluster }) =>
    syncs.map((sync) => ({ ...cluster, syncs: [sync] })),
  );
  const instant = { now, isOpen: openingsAt(strategy, now) };
  const views = viewStages({ ...record, digest }, strategy, single, instant);
  const all = (...standings: Standing[]): readonly FleetCluster[] =>
    views.flatMap(({ of }) => standings.flatMap((standing) => of[standing]));
  const failed = all('failed', 'failed-before', 'ignored').filter(({ reachable }) => reachable);
  const unreachable = [...all('unreachable'), ...all('ignored').filter((one) => !one.reachable)];
  const underWay = all('under-way');
  return {
    counts: {
      syncs: single.length,
      clusters: new Set(single.map(({ cluster }) => cluster)).size,
      live: all('live').length,
      failed: failed.length,
      unreachable: unreachable.length,
      underWay: underWay.length,
      waiting: all('waiting').length,
      held: all('held').length,
    },
    lagging: [...failed, ...unreachable, ...underWay].flatMap((one) => lagOf(one, record, records)),
  };
}

function lagOf(
  { cluster, syncs = [] }: FleetCluster,
  { image }: RolloutRecord,
  records: Snapshot['records'],
): RolloutEvent['data']['lagging'] {
  const known = records.get(cluster);
  return syncs.flatMap(({ sync }) => {
    const row = known?.syncs.find((one) => one.sync === sync && imageOf(one) === image);
    if (known === undefined || row === undefined) return [];
    const of = known.phase === 'Reachable' ? { ...row.record, message: row.message } : known;
    const { phase, since, message = '' } = of;
    return [{ cluster, sync, phase, since, message: cutText(message, MAX_MESSAGE) }];
  });
}
