import {
  type Arrival,
  type Change,
  type Amendment,
  MAX_REJECTED,
  NO_CAUSE,
  NO_TURNS,
  type Notice,
  type RolloutRecord,
  amend,
  changeOf,
  noticeOf,
} from './record.ts';
import { isMoving } from './moving.ts';
import { isAhead } from './fleet.ts';
import type { Strategy } from './strategy.ts';

/**
 * What a verified digest that a tag came to name makes of the record: nothing where it is the one in place, was read
 * before what is in place, was rolled back, or was passed over for what a person started; else the next roll-out, now or
 * after this one. A pause by a person stays, over the new digest. A way back is never cut short. A caller without a
 * record asks `recover` first.
 *
 * @example
 * const change = arrive(record, strategy, { digest, resolvedAt, id, by: 'push' }, now);
 */
export function arrive(
  record: RolloutRecord,
  strategy: Strategy,
  arrival: Arrival,
  now: Date,
): Change {
  const { digest } = arrival;
  if (record.status === 'retired') return changeOf(record, record);
  const newest = record.next ?? record;
  const isOld = Date.parse(arrival.resolvedAt) <= Date.parse(newest.resolvedAt);
  if (isOld && !isAhead(newest.resolvedAt, now)) return changeOf(record, record);
  if (record.rejected.includes(digest)) return changeOf(record, record);
  // The tag came back to what is rolled out: what waited is not the newest any more.
  if (digest === record.digest) {
    return changeOf(record, amend(record, { next: undefined, passedOver: undefined }));
  }
  if (digest === record.passedOver) return changeOf(record, record);
  if (digest === record.next?.digest) return changeOf(record, record);
  if (mustQueue(record, strategy)) return changeOf(record, amend(record, { next: arrival }));
  const { record: started, notices } = startOver(record, strategy, arrival, now);
  return changeOf(record, started, notices);
}

function mustQueue(record: RolloutRecord, { onNewer }: Strategy): boolean {
  const { kind, status, before } = record;
  if (status === 'rolling-back') return true;
  if (status === 'paused' && before === undefined)
    return kind === 'rollback' || onNewer === 'queue';
  return isMoving(record) && onNewer === 'queue';
}

/** The roll-out of an arrival in place of the record's, from the first stage; its version is still the record's. */
export function startOver(
  record: RolloutRecord,
  { stages: [first] }: Strategy,
  { digest, resolvedAt, id, by, index, release }: Arrival,
  now: Date,
): Change {
  const paused = record.status === 'paused';
  const at = now.toISOString();
  const started = amend(record, {
    id,
    kind: 'forward',
    digest,
    previous: wayBack(record),
    indexes: { ...record.indexes, ...(index === undefined ? {} : { [digest]: index }) },
    releases: { ...record.releases, ...(release === undefined ? {} : { [digest]: release }) },
    resolvedAt,
    startedAt: beginOf(record, now),
    startedBy: by,
    status: paused ? 'paused' : 'rolling',
    ...NO_CAUSE,
    ...(paused ? { cause: record.cause } : {}),
    stage: first.name,
    openedAt: at,
    ...NO_TURNS,
    approvals: [],
    next: undefined,
    passedOver: undefined,
    ignored: [],
    before: undefined,
  });
  const notices: Notice[] = [];
  if (record.status === 'halted') notices.push(noticeOf(record, 'recovered'));
  if (!hasEnded(record)) notices.push(noticeOf(record, 'superseded'));
  notices.push(noticeOf(started, 'started', { by }));
  return { record: started, notices };
}

/** What all had last: the record's own digest where it was completed, or is what they were taken back to. */
function wayBack(record: RolloutRecord): string | undefined {
  return record.before !== undefined || ['completed', 'rolled-back'].includes(record.status)
    ? record.digest
    : record.previous;
}

function hasEnded({ status, before }: RolloutRecord): boolean {
  return before !== undefined || ['completed', 'rolled-back', 'aborted'].includes(status);
}

/** The way back to `digest`, from what the record rolls out, which is rejected from now on. */
export function goBack(
  record: RolloutRecord,
  { id, digest, by, now }: { id: string; digest: string; by: string; now: Date },
): Amendment {
  const { rejected, digest: bad } = record;
  return {
    ...NO_CAUSE,
    id,
    kind: 'rollback',
    digest,
    previous: undefined,
    status: 'rolling-back',
    startedAt: beginOf(record, now),
    startedBy: by,
    rejected: [...rejected, bad].slice(-MAX_REJECTED),
    promoted: undefined,
    approvals: [],
    ignored: [],
    before: undefined,
  };
}

/**
 * When a roll-out begins that comes after the record's: later than that, whatever the clock says, for receipts are
 * compared by it.
 *
 * @example
 * amend(record, { id, startedAt: beginOf(record, now) })
 */
export function beginOf({ startedAt }: Pick<RolloutRecord, 'startedAt'>, now: Date): string {
  return new Date(Math.max(now.getTime(), Date.parse(startedAt) + 1)).toISOString();
}
