import type { Fleet, FleetCluster } from './fleet.ts';
import {
  type Amendment,
  type Cause,
  NO_CAUSE,
  type Notice,
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

/** Ends it until a person decides, or a newer digest comes. */
export function stop(
  record: RolloutRecord,
  status: 'paused' | 'halted',
  cause: Cause,
  clusters: readonly FleetCluster[] = [],
): Draft {
  const stopped = amend(record, { ...NO_CAUSE, status, cause });
  const names = clusters.map(({ cluster }) => cluster);
  return { record: stopped, notices: [noticeOf(stopped, status, { cause, clusters: names })] };
}

/** How often a wait for people is published again. */
const REPEAT_WAIT_MS = 24 * 3_600_000;

/** A wait is published when it begins, and one for people once a day after that. */
export function wait(
  record: RolloutRecord,
  status: 'awaiting-approval' | 'awaiting-window',
  cause: Cause,
  { now }: World,
  amendment: Amendment = {},
): Draft {
  const begins = record.status !== status || record.cause !== cause;
  const said = record.saidAt === undefined ? now.getTime() : Date.parse(record.saidAt);
  const overdue = status === 'awaiting-approval' && now.getTime() - said >= REPEAT_WAIT_MS;
  const saidAt = begins || overdue ? now.toISOString() : record.saidAt;
  const waiting = amend(record, { ...amendment, status, cause, saidAt });
  const notice = noticeOf(waiting, 'waiting', begins ? { cause } : { cause, overdue: true });
  return { record: waiting, notices: begins || overdue ? [notice] : [] };
}

/** Nothing follows the image in this stage: that is published once. */
export function awaitClusters(record: RolloutRecord): Draft {
  const { record: idle } = roll(record, { cause: 'empty' });
  const begins = record.cause !== 'empty';
  return { record: idle, notices: begins ? [noticeOf(idle, 'waiting', { cause: 'empty' })] : [] };
}

/** It goes on, with nothing that it waits for. */
export function roll(record: RolloutRecord, amendment: Amendment = {}): Draft {
  return keep(amend(record, { ...NO_CAUSE, status: 'rolling', ...amendment }));
}

/** The record as it is. */
export function keep(record: RolloutRecord): Draft {
  return { record, notices: [] };
}
