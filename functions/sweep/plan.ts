import type { Phase } from '#shared/core/phase.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { DIRECT_CALLS_PER_MINUTE } from '#shared/fleet/pace.ts';
import { isDue } from '#shared/reconcile/unsettled.ts';
import type { SweepNote } from '#shared/store/store.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';

/** Two lists; patches are rare, and paid from what pushes leave (docs/performance.md#budgets). */
const CALLS_PER_CLUSTER = 2;

/** A sweep's own rhythm: after a pause nothing is caught up on, for the calls of that time are gone. */
const MINUTE_MS = 60_000;

/** How long a task may lie unread before the cluster is tasked again: Pub/Sub, or the function that gave it up, lost it. */
export const UNREAD_MS = 5 * MINUTE_MS;

/** Phases that stay as they are until a person does something: nothing to look for each minute. */
const SETTLED = new Set<Phase>(['Synced', 'Ignored', 'Refused']);

export interface PlanInput extends Snapshot {
  readonly last: SweepNote | undefined;
  readonly now: Date;
  readonly periodMs: number;
  /** Calls to clusters that sweeps may cost, but for those that are called directly. */
  readonly callsPerMinute: number;
  readonly isOutdated: (row: SyncRow) => boolean;
  /** Whether a cluster may have a new follower of an image that was pushed. */
  readonly isSought?: (member: Member, record: ClusterRecord | undefined) => boolean;
}

export interface Plan {
  /** Clusters to task, those seen longest ago first. */
  readonly due: readonly string[];
  /** Clusters that are looked at every time, for something there is unsettled. */
  readonly unsettled: number;
  /** The time in which the whole fleet is looked at: the configured one, or what the calls suffice for. */
  readonly periodMs: number;
  /** Due, and left for the next sweep: there are no more calls. */
  readonly postponed: number;
  /** To be remembered once the tasks are published. */
  readonly note: SweepNote;
}

/**
 * Which clusters a sweep tasks: the unsettled ones, and of the others those whose turn within the period has come;
 * turns are spread evenly over it. Never more than the calls of the time since the last sweep suffice for, and none
 * whose last task is unread.
 */
export function planSweep(input: PlanInput): Plan {
  const { members, records, last, now, callsPerMinute } = input;
  const perMs = callsPerMinute / CALLS_PER_CLUSTER / MINUTE_MS;
  const directPerMs = DIRECT_CALLS_PER_MINUTE / CALLS_PER_CLUSTER / MINUTE_MS;
  const direct = new Set(members.flatMap((member) => (member.direct ? [member.name] : [])));
  const counted = members.length - direct.size;
  const periodMs = Math.max(input.periodMs, counted / perMs, direct.size / directPerMs);
  const names = members.map(({ name }) => name).toSorted();
  const sought = members.filter((member) => input.isSought?.(member, records.get(member.name)));
  const unsettled = new Set(names.filter((name) => isUnsettled(records.get(name), input)));
  const turned = names.filter((name, index) =>
    hasTurn(seenAt(records.get(name)), { now, periodMs, offset: index / names.length }),
  );
  const unread = new Map(
    names.flatMap((name) => {
      const taskedAt = last?.tasked[name];
      const waits = taskedAt !== undefined && isUnread(taskedAt, records.get(name), now);
      return waits ? [[name, taskedAt] as const] : [];
    }),
  );
  const wanted = [...new Set([...unsettled, ...turned, ...sought.map(({ name }) => name)])]
    .filter((name) => !unread.has(name))
    .toSorted((a, b) => seenAt(records.get(a)) - seenAt(records.get(b)));
  // Each way to a cluster has calls of its own.
  const isDirect = (name: string): boolean => direct.has(name);
  const taken = new Set([
    ...wanted.filter((name) => !isDirect(name)).slice(0, allowance(last, now, perMs)),
    ...wanted.filter(isDirect).slice(0, allowance(last, now, directPerMs)),
  ]);
  const due = wanted.filter((name) => taken.has(name));
  const startedAt = now.toISOString();
  const tasked = Object.fromEntries([...unread, ...due.map((name) => [name, startedAt] as const)]);
  return {
    due,
    unsettled: unsettled.size,
    periodMs,
    postponed: wanted.length - due.length,
    note: { startedAt, tasked },
  };
}

/** Milliseconds; long ago where it was never seen. */
function seenAt(record: ClusterRecord | undefined): number {
  return Date.parse(record?.lookedAt ?? record?.reconciledAt ?? '') || 0;
}

function isUnsettled(
  record: ClusterRecord | undefined,
  { isOutdated, now }: Pick<PlanInput, 'isOutdated' | 'now'>,
): boolean {
  if (record?.reconciledAt === undefined || record.phase !== 'Reachable') return true;
  return record.syncs.some((row) => {
    const { unsettled, deleting, approved, verdict } = row;
    const { phase } = row.record;
    // One that could not be looked at has a pause of its own, whatever it was before.
    if (unsettled !== undefined) return isDue(unsettled, now);
    if (deleting === true || !SETTLED.has(phase) || isOutdated(row)) return true;
    // Nothing follows it, and it has approvals to lose.
    return verdict === undefined && approved.length > 0;
  });
}

/** Whether a cluster's turn has come since it was seen: once in each period, at a point of its own. */
function hasTurn(
  seen: number,
  { now, periodMs, offset }: { now: Date; periodMs: number; offset: number },
): boolean {
  const turnAt = (time: number): number => Math.floor(time / periodMs + offset);
  return turnAt(now.getTime()) > turnAt(seen) || now.getTime() - seen >= periodMs;
}

function isUnread(taskedAt: string, record: ClusterRecord | undefined, now: Date): boolean {
  const at = Date.parse(taskedAt);
  return seenAt(record) < at && now.getTime() - at < UNREAD_MS;
}

/** Clusters that the time since the last sweep pays for; one at least, or a slow budget would never begin. */
function allowance(last: SweepNote | undefined, now: Date, perMs: number): number {
  const elapsed = last === undefined ? MINUTE_MS : now.getTime() - Date.parse(last.startedAt);
  return Math.max(1, Math.floor(perMs * Math.min(MINUTE_MS, Math.max(0, elapsed))));
}
