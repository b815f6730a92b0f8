import { goBack } from './arrive.ts';
import type { Fleet, FleetCluster } from './fleet.ts';
import {
  type Amendment,
  type Cause,
  type Notice,
  NO_CAUSE,
  type RolloutRecord,
  amend,
  noticeOf,
} from './record.ts';
import type { Instant } from './standing.ts';
import type { Strategy } from './strategy.ts';

/** What a step is made from. */
export interface World extends Instant {
  readonly strategy: Strategy;
  readonly fleet: Fleet;
}

/** A record on its way, with the notices so far. Its version is that of the record it comes from. */
export interface Draft {
  readonly record: RolloutRecord;
  readonly notices: readonly Notice[];
}

/** What a stop is because of. */
type About = Pick<Notice, 'clusters' | 'checks'>;

/** The record as it is, with nothing to be published. */
export function keep(record: RolloutRecord): Draft {
  return { record, notices: [] };
}

/** The record on its way, and nothing in it. */
export function roll(record: RolloutRecord, amendment: Amendment = {}): Draft {
  return keep(amend(record, { ...NO_CAUSE, status: 'rolling', ...amendment }));
}

/** Nothing follows the image in this stage: that is published once. */
export function awaitClusters(record: RolloutRecord): Draft {
  const { record: idle } = roll(record, { cause: 'empty' });
  const begins = record.cause !== 'empty';
  return { record: idle, notices: begins ? [noticeOf(idle, 'waiting', { cause: 'empty' })] : [] };
}

/** The names of clusters, as what a stop is because of. */
export function namesOf(clusters: readonly FleetCluster[]): About {
  return { clusters: clusters.map(({ cluster }) => cluster) };
}

/** Nothing more is let in; where that lasts for longer than the deadline, the roll-out halts. */
export function stall(
  record: RolloutRecord,
  world: World,
  cause: Cause,
  about: About = namesOf([]),
): Draft {
  const stuckSince = record.stuckSince ?? world.now.toISOString();
  if (elapsed(stuckSince, world) > world.strategy.progressDeadlineMs) {
    return stop(record, 'halted', cause, about);
  }
  return keep(amend(record, { status: 'rolling', cause, okSince: undefined, stuckSince }));
}

/** Too much went wrong: the roll-out halts, or goes back by itself where there is a way back. */
export function fail(
  record: RolloutRecord,
  world: World,
  cause: 'failures' | 'evidence',
  about: About,
  isBad: boolean,
): Draft {
  const { previous, rejected, digest } = record;
  const noWay = previous === undefined || previous === digest || rejected.includes(previous);
  // What could not be approved there is no reason to take it from others.
  if (world.strategy.onFailure === 'pause' || !isBad || noWay) {
    return stop(record, 'halted', cause, about);
  }
  const id = `${record.id}-back`;
  const by = record.startedBy;
  const back = amend(record, goBack(record, { id, digest: previous, by, now: world.now }));
  const notice = noticeOf(back, 'rolling-back', { cause, ...about });
  return { record: amend(back, { cause }), notices: [notice] };
}

/** Nothing more is let in until a person, or of a halt a newer digest, ends it. */
export function stop(
  record: RolloutRecord,
  status: 'paused' | 'halted',
  cause: Cause,
  about: About = namesOf([]),
): Draft {
  // People are to see what the checks had come to.
  const { checks } = cause === 'evidence' ? record : {};
  const stopped = amend(record, { ...NO_CAUSE, status, cause, checks });
  return { record: stopped, notices: [noticeOf(stopped, status, { cause, ...about })] };
}

/** How often a wait that no clock ends is published again. */
const REPEAT_WAIT_MS = 24 * 3_600_000;

/** A wait is published when it begins, and one for people or for evidence once a day after that. */
export function wait(
  record: RolloutRecord,
  status: 'awaiting-approval' | 'awaiting-window' | 'soaking' | 'rolling-back',
  cause: Cause,
  { now }: World,
  amendment: Amendment = {},
  about: About = {},
): Draft {
  const begins = record.status !== status || record.cause !== cause;
  const said = record.saidAt === undefined ? now.getTime() : Date.parse(record.saidAt);
  const overdue = status !== 'awaiting-window' && now.getTime() - said >= REPEAT_WAIT_MS;
  const saidAt = begins || overdue ? now.toISOString() : record.saidAt;
  const waiting = amend(record, { ...amendment, status, cause, saidAt });
  const why = { cause, ...about };
  const notice = noticeOf(waiting, 'waiting', begins ? why : { ...why, overdue: true });
  return { record: waiting, notices: begins || overdue ? [notice] : [] };
}

/** Milliseconds since an instant of the record. */
export function elapsed(since: string, { now }: World): number {
  return now.getTime() - Date.parse(since);
}
