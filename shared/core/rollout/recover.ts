import { defined } from '../defined.ts';
import { type Fleet, type FleetCluster, type RolloutReceipt, isOutdated } from './fleet.ts';
import {
  type Amendment,
  type Arrival,
  type Change,
  MAX_REJECTED,
  NO_CAUSE,
  NO_TURNS,
  type Notice,
  type RolloutRecord,
  amend,
  changeOf,
  noticeOf,
  withIndexes,
  withReleases,
} from './record.ts';
import { beginOf } from './arrive.ts';
import { type Strategy, type Turn, compareTurns, stageOf, turnOf } from './strategy.ts';

/** What there is where a record should be. */
export interface Missing {
  readonly image: string;
  /** What the tag names now, verified. */
  readonly target: Arrival;
  /** The image has never had a record, as far as that is remembered. A receipt of a roll-out says the contrary. */
  readonly fresh: boolean;
  /** The record in place, where the strategy was taken away and is there again. */
  readonly retired?: RolloutRecord;
}

/**
 * The first record of an image that has a strategy and no record. It admits no cluster that does not have the digest, but
 * for a fleet in which something has nothing at all: there the roll-out begins. Of a fresh deployment that runs one digest
 * everywhere, as far as it was ever looked at: completed with that. Of one that runs several: paused, and the notice names
 * the clusters. Undefined while clusters in reach have not been looked at: that is awaited. Where a record is lost: paused,
 * where the receipts say it was.
 *
 * @example
 * const first = recover({ image, target, fresh: false }, strategy, fleet, now); // paused, record-lost
 */
export function recover(
  missing: Missing,
  strategy: Strategy,
  fleet: Fleet,
  now: Date,
): Change | undefined {
  const isNew = missing.fresh && receiptsOf(fleet.clusters).length === 0;
  if (missing.retired === undefined && !isNew) return rebuild(missing, strategy, fleet, now);
  const adopted = adopt(missing, strategy, fleet, now);
  return adopted && missing.retired ? continued(missing.retired, adopted, now) : adopted;
}

/** What is adopted again keeps what people decided of the image before. What runs everywhere is rejected no more. */
function continued(retired: RolloutRecord, { record, notices }: Change, now: Date): Change {
  const { history } = retired;
  const taken = record.status === 'completed' ? record.digest : undefined;
  const rejected = retired.rejected.filter((key) => key !== taken);
  const startedAt = beginOf(retired, now);
  return changeOf(retired, { ...record, rejected, history, startedAt }, notices);
}

/**
 * The record of an image whose strategy was taken away: it admits no cluster, and is adopted again where a strategy comes
 * back. What people decided stays in it.
 *
 * @example
 * if (strategies.of(rule) === undefined) await records.replace(retire(record).record, entry);
 */
export function retire(record: RolloutRecord): Change {
  if (record.status === 'retired') return changeOf(record, record);
  const { status } = record;
  const retired = amend(record, {
    ...NO_CAUSE,
    ...NO_TURNS,
    status: 'retired',
    next: undefined,
    before: undefined,
  });
  const halt = status === 'halted' ? [noticeOf(record, 'recovered')] : [];
  return changeOf(record, retired, [...halt, noticeOf(retired, 'retired')]);
}

function adopt(
  { image, target }: Missing,
  strategy: Strategy,
  { clusters, partial }: Fleet,
  now: Date,
): Change | undefined {
  if (partial) return undefined;
  if (clusters.some(({ reachable, syncs }) => reachable && syncs === undefined)) return undefined;
  const unseen = clusters.filter(({ syncs }) => syncs === undefined);
  const found = clusters.flatMap(({ cluster, syncs = [] }) =>
    syncs.flatMap(({ live, approved }) => {
      const digest = live ?? approved;
      return digest === undefined ? [] : [{ cluster, digest }];
    }),
  );
  const [digest, ...more] = new Set(found.map((entry) => entry.digest));
  const bare = clusters.some(({ syncs = [] }) =>
    syncs.some(({ live, approved }) => live === undefined && approved === undefined),
  );
  const base = firstRecord(image, target, strategy, now);
  if (more.length > 0 || unseen.length > 0) {
    const cause = more.length > 0 ? 'digests-differ' : 'clusters-unseen';
    const others = found.filter((entry) => entry.digest !== target.digest);
    const names = more.length > 0 ? others : unseen;
    const record: RolloutRecord = { ...base, status: 'paused', cause };
    return { record, notices: [about(record, 'paused', names)] };
  }
  // One RSync that runs a digest is no reason to give it to those that have nothing: it was never rolled out.
  if (digest === undefined || bare) return { record: base, notices: [about(base, 'started', [])] };
  const adopted: RolloutRecord = {
    ...base,
    digest,
    status: 'completed',
    cause: 'adoption',
    stage: strategy.stages.at(-1)?.name ?? base.stage,
    // Another digest that the tag names already is newer than what was found.
    resolvedAt: digest === target.digest ? target.resolvedAt : new Date(0).toISOString(),
  };
  const named = withIndexes(adopted, adopted.indexes ?? {});
  const record = withReleases(named, adopted.releases ?? {});
  return { record, notices: [about(record, 'completed', [])] };
}

function rebuild(
  { image, target }: Missing,
  strategy: Strategy,
  { clusters }: Fleet,
  now: Date,
): Change {
  const record = learn(
    {
      ...firstRecord(image, target, strategy, now),
      status: 'paused',
      cause: 'record-lost',
      startedAt: new Date(0).toISOString(),
    },
    strategy,
    clusters,
  );
  return { record, notices: [about(record, 'interrupted', [])] };
}

/**
 * The record where clusters know of a later roll-out: it was restored, and what was decided since is lost as with a lost
 * record. Of one that is not older than any receipt, the same.
 *
 * @example
 * const { record: paused } = restore(record, strategy, fleet);
 */
export function restore(record: RolloutRecord, strategy: Strategy, { clusters }: Fleet): Change {
  const isOld = receiptsOf(clusters).some((receipt) => isOutdated(record, receipt));
  // What is known to be lost goes on to learn, and is published once.
  const isKnown = record.status === 'paused' && record.cause === 'record-lost';
  if (!isOld || isKnown || record.status === 'retired') return changeOf(record, record);
  const paused = amend(record, {
    ...NO_CAUSE,
    status: 'paused',
    cause: 'record-lost',
    promoted: undefined,
    approvals: [],
    ignored: [],
    next: undefined,
    before: undefined,
  });
  const learned = learn(paused, strategy, clusters);
  return changeOf(record, learned, [about(learned, 'interrupted', [])]);
}

/**
 * A record that was lost, by what receipts say: the roll-out that began last, how far it came, and what was ever rolled
 * back. Receipts that are seen later go on to correct it.
 *
 * @example
 * learn(record, strategy, fleet.clusters).rejected
 */
export function learn(
  record: RolloutRecord,
  strategy: Strategy,
  clusters: readonly FleetCluster[],
): RolloutRecord {
  const inOrder = receiptsOf(clusters).toSorted(
    (a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt),
  );
  const last = inOrder.at(-1);
  const later = last && Date.parse(last.startedAt) > Date.parse(record.startedAt);
  const { id, kind, digest, previous, startedAt, resolvedAt } = later ? last : record;
  const keys = new Set(record.rejected);
  for (const receipt of inOrder) {
    for (const key of receipt.rejected) keys.add(key);
    // What was started again after it had been rolled back is rejected no more.
    keys.delete(receipt.digest);
  }
  const rejected = [...keys].slice(-MAX_REJECTED);
  const rollout = { id, kind, digest, previous, startedAt, resolvedAt, rejected };
  const learned = amend(record, { ...rollout, ...positionOf(digest, strategy, clusters) });
  const indexes = inOrder.map((receipt) => receipt.indexes);
  const indexed = withIndexes(learned, Object.assign({}, record.indexes, ...indexes));
  return withReleases(indexed, record.releases ?? {});
}

/**
 * How far the digest had come, as far as all that had their turn before have it. One that has it by itself, by another
 * label then or by its own hand, opens nothing to others.
 */
function positionOf(
  digest: string,
  strategy: Strategy,
  clusters: readonly FleetCluster[],
): Pick<Amendment, 'stage' | 'cursor'> {
  const followers = clusters.filter(({ syncs }) => syncs?.length !== 0);
  let position: { stage: string; cursor?: Turn } = { stage: strategy.stages[0].name };
  for (const stage of strategy.stages) {
    const turns = followers
      .filter(({ labels }) => stageOf(strategy, labels).stage === stage)
      .map(({ syncs, ...cluster }) => ({
        turn: turnOf(stage, cluster),
        has: syncs?.some(({ approved }) => approved === digest) === true,
      }))
      .toSorted((a, b) => compareTurns(a.turn, b.turn));
    const without = turns.findIndex(({ has }) => !has);
    const cursor = turns.slice(0, without < 0 ? undefined : without).at(-1)?.turn;
    if (cursor !== undefined) position = { stage: stage.name, cursor };
    if (without >= 0) break;
  }
  const { stage, cursor } = position;
  return { stage, cursor };
}

function firstRecord(
  image: string,
  { digest, resolvedAt, id, by, index, release }: Arrival,
  { stages: [{ name }] }: Strategy,
  now: Date,
): RolloutRecord {
  const at = now.toISOString();
  const record: RolloutRecord = {
    version: 1,
    id,
    image,
    kind: 'forward',
    digest,
    resolvedAt,
    startedAt: at,
    startedBy: by,
    status: 'rolling',
    stage: name,
    openedAt: at,
    approvals: [],
    rejected: [],
    ignored: [],
    history: [],
  };
  return withReleases(withIndexes(record, { [digest]: index }), { [digest]: release });
}

function about(
  record: RolloutRecord,
  type: Notice['type'],
  clusters: readonly { readonly cluster: string }[],
): Notice {
  const names = [...new Set(clusters.map(({ cluster }) => cluster))];
  return noticeOf(record, type, defined({ cause: record.cause, clusters: names }));
}

function receiptsOf(clusters: readonly FleetCluster[]): readonly RolloutReceipt[] {
  return clusters.flatMap(({ syncs = [] }) => syncs.flatMap(({ receipt }) => receipt ?? []));
}
