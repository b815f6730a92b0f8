import { tryReference } from '#shared/core/reference.ts';
import type { Freezing } from '#shared/core/rollout/freezes.ts';
import type { Phase } from '#shared/core/phase.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { DIRECT_CALLS_PER_MINUTE } from '#shared/fleet/pace.ts';
import { isDue } from '#shared/reconcile/unsettled.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import type { Admissions, Standing } from '#shared/rollouts/admissions.ts';
import type { ClusterRecord, SweepNote, SyncRow } from '#shared/store/store.ts';
import {
  isOnItsWay,
  isSoakLookDue,
  isUnsettledInStages,
  isWatchedFailure,
} from './staged-turns.ts';

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
  /** How RSyncs stand to roll-outs in stages, by records as they are now; absent: there are none. */
  readonly admissions?: Admissions;
  /** What people have frozen; absent: nothing, or that is not known. */
  readonly freezing?: Freezing;
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
  const sorted = members.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const names = sorted.map(({ name }) => name);
  const unsettled = new Set<string>();
  const extra = new Set<string>();
  const first = new Set<string>();
  const watched = new Set<string>();
  for (const member of sorted) {
    const { name } = member;
    const seen = lookAt(member, records.get(name), input);
    if (seen.isUnsettled) unsettled.add(name);
    if (seen.isWanted) extra.add(name);
    if (seen.isFirst) first.add(name);
    if (seen.isWatched) watched.add(name);
  }
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
  const place = (name: string): number => (first.has(name) ? -1 : seenAt(records.get(name)));
  const wanted = [...new Set([...unsettled, ...turned, ...extra])]
    .filter((name) => !unread.has(name))
    .toSorted((a, b) => place(a) - place(b));
  // Each way to a cluster has calls of its own.
  const isDirect = (name: string): boolean => direct.has(name);
  const taken = new Set([
    ...take(
      wanted.filter((name) => !isDirect(name)),
      allowance(last, now, perMs),
      watched,
    ),
    ...take(wanted.filter(isDirect), allowance(last, now, directPerMs), watched),
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

/** What a roll-out on its way has of the calls: the turns of a fleet that is larger than these take all the others. */
const WATCHED_SHARE = 0.5;

/** The first so many, and before them, up to their share, those that a roll-out waits for. */
function take(
  wanted: readonly string[],
  count: number,
  watched: ReadonlySet<string>,
): readonly string[] {
  const share = Math.ceil(count * WATCHED_SHARE);
  const before = new Set(wanted.filter((name) => watched.has(name)).slice(0, share));
  return [...before, ...wanted.filter((name) => !before.has(name))].slice(0, count);
}

/** Milliseconds; long ago where it was never seen. */
function seenAt(record: ClusterRecord | undefined): number {
  return Date.parse(record?.lookedAt ?? record?.reconciledAt ?? '') || 0;
}

/** What of a cluster asks for a look. */
interface Looked {
  readonly isUnsettled: boolean;
  /** For now, beside that. */
  readonly isWanted: boolean;
  readonly isFirst: boolean;
  /** A roll-out that is on its way waits for what is seen there. */
  readonly isWatched: boolean;
}

function lookAt(member: Member, record: ClusterRecord | undefined, input: PlanInput): Looked {
  const { admissions, isSought, now } = input;
  const isUnknown = record?.reconciledAt === undefined || record.phase !== 'Reachable';
  let looked: Looked = {
    isUnsettled: isUnknown,
    isWanted: isSought?.(member, record) === true,
    isFirst: false,
    isWatched: false,
  };
  for (const row of record?.syncs ?? []) {
    const standing = admissions?.(row, member);
    const { isUnsettled, isWanted, isFirst, isWatched } = looked;
    const isOpen = isRowUnsettled(row, standing, member, input);
    const isSoaking =
      standing !== undefined && isSoakLookDue(standing, member, seenAt(record), now);
    looked = {
      isUnsettled: isUnsettled || isOpen,
      isWanted: isWanted || isSoaking,
      isWatched: isWatched || ((isOpen || isSoaking) && isOnItsWay(standing)),
      isFirst: isFirst || (standing !== undefined && isWatchedFailure(row, standing)),
    };
  }
  return looked;
}

function isRowUnsettled(
  row: SyncRow,
  standing: Standing | undefined,
  member: Member,
  { isOutdated, freezing, now }: Pick<PlanInput, 'isOutdated' | 'freezing' | 'now'>,
): boolean {
  const { unsettled, deleting, approved, verdict } = row;
  const { phase } = row.record;
  // One that could not be looked at has a pause of its own, whatever it was before.
  if (unsettled !== undefined) return isDue(unsettled, now);
  if (deleting === true || isOutdated(row)) return true;
  if (standing !== undefined) return isUnsettledInStages(row, standing, SETTLED);
  // It waits for a person only.
  if (row.held !== undefined && phase === 'Waiting') return false;
  if (row.frozen === true && phase === 'Waiting') return isThawed(row, member, freezing, now);
  // Nothing follows it, and it has approvals to lose.
  return !SETTLED.has(phase) || (verdict === undefined && approved.length > 0);
}

/** Whether what kept it waiting holds no more. What is not known holds. */
function isThawed(
  { image = '' }: SyncRow,
  { labels }: Member,
  freezing: Freezing | undefined,
  now: Date,
): boolean {
  const reference = tryReference(image);
  if (freezing === undefined || reference === undefined) return false;
  return freezing.find(reference, labels, now) === undefined;
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
