import { defined } from '#shared/core/defined.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { NextOpening } from '#shared/core/rollout/say-now.ts';
import type { Standing, StageView as Stage } from '#shared/core/rollout/standing.ts';
import { viewChecks } from '#shared/core/rollout/view-checks.ts';
import { type StageCounts, howFar } from '#shared/rollouts/how-far.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { MAX_LAGGING, MAX_LAG_MESSAGE } from '../limits.ts';
import type { FoundRollout } from './find-rollout.ts';
import type { Lagging, RolloutBrief, RolloutRecordView, RolloutView } from './operation.ts';
import type { ImageFleet, ReadClusters } from './read-clusters.ts';

export interface ViewDeps {
  readonly store: Pick<ApiDeps['store'], 'readNote'>;
  readonly now: () => Date;
  readonly clusters: ReadClusters;
  /** Shared by the roll-outs of one list. */
  readonly opening?: NextOpening;
}

/** A roll-out as a list has it. */
export async function viewBrief(found: FoundRollout, deps: ViewDeps): Promise<RolloutBrief> {
  const { stages, message } = await lookAt(found, deps);
  return { ...briefOf(found.record), stages: stages.map((stage) => stage.counts), message };
}

/** A roll-out as a whole. */
export async function viewRollout(found: FoundRollout, deps: ViewDeps): Promise<RolloutView> {
  const { stages, message } = await lookAt(found, deps);
  return {
    ...viewRecord(found),
    ...(await lookAtChecks(found, deps)),
    stages: stages.map(({ counts, lagging }) => ({ ...counts, lagging })),
    message,
  };
}

/** The checks of the stage where it stands; nothing is read where that has none. */
async function lookAtChecks(
  { record, strategy }: FoundRollout,
  { store }: ViewDeps,
): Promise<Pick<RolloutView, 'checks'>> {
  const stage = strategy?.stages.find(({ name }) => name === record.stage);
  if (stage?.checks === undefined) return {};
  const noted = await store.readNote('evidence', record.image);
  return { checks: [...viewChecks(record, stage, noted)] };
}

/** Its record alone: nothing is read for it. */
export function viewRecord({ record, strategy }: FoundRollout): RolloutRecordView {
  const { previous, resolvedAt, openedAt, okSince, approvals, rejected, ignored, next, before } =
    record;
  const { passedOver, promoted } = record;
  const stage = strategy?.stages.find(({ name }) => name === record.stage);
  const soaks = record.status === 'soaking' && okSince !== undefined && stage !== undefined;
  const ends = soaks ? new Date(Date.parse(okSince) + stage.soakMs).toISOString() : undefined;
  return {
    ...briefOf(record),
    resolvedAt,
    openedAt,
    ...defined({ previous, okSince, soakEnds: ends, next: next && arrivalOf(next), before }),
    ...defined({ passedOver, promoted: promoted && promotionOf(promoted) }),
    approvals: approvals.map(({ stage: name, by, at }) => ({ stage: name, by, at })),
    rejected: [...rejected],
    ignored: [...ignored],
    history: record.history.map(({ at, by, did, reason }) => ({ at, by, did, reason })),
  };
}

function promotionOf({
  windows,
  held,
}: NonNullable<RolloutRecord['promoted']>): NonNullable<RolloutRecordView['promoted']> {
  return { overrideWindows: windows === true, includeHeld: held === true };
}

function arrivalOf({
  id,
  digest,
  resolvedAt,
  by,
}: NonNullable<RolloutRecord['next']>): NonNullable<RolloutRecordView['next']> {
  return { id, digest, resolvedAt, by };
}

/** A record as a list has it, without what is counted. */
export function briefOf(record: RolloutRecord): Omit<RolloutBrief, 'stages' | 'message'> {
  const { id, image, version, kind, digest, status, cause, stage, startedAt, startedBy } = record;
  const about = { id, image, version, kind, digest, status, stage, startedAt, startedBy };
  return { ...about, ...defined({ cause, release: record.releases?.[digest]?.version }) };
}

interface Looked {
  readonly stages: readonly { readonly counts: StageCounts; readonly lagging: Lagging[] }[];
  readonly message: string;
}

async function lookAt({ record, rule, strategy }: FoundRollout, deps: ViewDeps): Promise<Looked> {
  if (rule === undefined || strategy === undefined) {
    return { stages: [], message: 'The config has no strategy for its image any more' };
  }
  const known = await deps.clusters(record.image, rule);
  const { opening } = deps;
  const asked = { record, strategy, now: deps.now(), opening };
  const { views, stages, message } = howFar(asked, known.fleet);
  return {
    stages: stages.map((counts, at) => ({ counts, lagging: laggingOf(views[at], record, known) })),
    message,
  };
}

/** What lags, worst first. What waits for its turn does not. */
const LAGS: readonly Standing[] = ['failed', 'unreachable', 'under-way', 'failed-before', 'held'];

function laggingOf(
  view: Stage | undefined,
  { digest }: RolloutRecord,
  { fleets }: ImageFleet,
): Lagging[] {
  const { records } = fleets.snapshot;
  const all = LAGS.flatMap(
    (standing) => view?.of[standing].map((cluster) => ({ standing, cluster })) ?? [],
  );
  return all.slice(0, MAX_LAGGING).map(({ standing, cluster }) => {
    const record = records.get(cluster.cluster);
    return { cluster: cluster.cluster, standing, ...describeLag(cluster, digest, record) };
  });
}

/** What the snapshot has of the first RSync on which the digest is not live. */
function describeLag(
  { syncs = [] }: FleetCluster,
  digest: string,
  record: ClusterRecord | undefined,
): Omit<Lagging, 'cluster' | 'standing'> {
  if (record === undefined) return {};
  const sync = syncs.find(({ live }) => live !== digest)?.sync ?? syncs[0]?.sync;
  const row = record.syncs.find((one) => one.sync === sync);
  const reachable = record.phase === 'Reachable' && row !== undefined;
  const of = reachable ? { ...row.record, message: row.message } : record;
  const message = of.message === undefined ? undefined : cutText(of.message, MAX_LAG_MESSAGE);
  return defined({ sync, phase: of.phase, since: of.since, message });
}
