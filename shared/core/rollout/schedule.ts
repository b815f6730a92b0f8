import { defined } from '../defined.ts';
import { type Costs, batchMs } from './costs.ts';
import type { FleetCluster } from './fleet.ts';
import type { Stage } from './strategy.ts';
import { type Freeze, isFrozen, isInWindow, nextOpening } from './windows.ts';

/** What a stage has to do. */
export interface Work {
  readonly stage: Stage;
  /** Clusters to be let in, in their turns. */
  readonly queue: readonly FleetCluster[];
  /** Clusters that are let in and not live. */
  readonly busy: number;
  /** Clusters that may be under way at once. */
  readonly slots: number;
  /** Those that may hold up a cluster of the fleet. */
  readonly freezes: readonly Freeze[];
  /** Shared by the stages of one plan. */
  readonly patience: Patience;
}

/** How many waits for windows and freezes are still looked through: each costs milliseconds. */
export interface Patience {
  waits: number;
}

export interface Schedule {
  /** When the first is let in; absent: too far away to say. */
  readonly opensAt?: Date;
  /** When the last is seen live; absent: never, or too far away to say. */
  readonly liveAt?: Date;
  readonly batches: number;
  /** `window`, and names of freezes, that make it wait. */
  readonly delays: readonly string[];
}

const MAX_WAITS = 40;

/**
 * The patience of one plan.
 *
 * @example
 * const patience = createPatience();
 */
export function createPatience(): Patience {
  return { waits: MAX_WAITS };
}

/**
 * When the clusters of a stage are let in and live, should nothing fail: as many at once as there are slots, in their
 * turns, up to the first that may not start yet. Undefined: the first may never start.
 *
 * @example
 * const { opensAt, liveAt } = schedule({ stage, queue, busy: 0, slots: 25, freezes, patience }, now, costs) ?? {};
 */
export function schedule(work: Work, from: Date, costs: Costs): Schedule | undefined {
  const { stage, queue, slots, freezes, patience } = work;
  const isFree = stage.windows === undefined && freezes.length === 0;
  const delays = new Set<string>();
  let { busy } = work;
  let at = from;
  let opensAt: Date | undefined;
  let taken = 0;
  let batches = 0;
  while (taken < queue.length) {
    const head = queue[taken];
    if (head === undefined) break;
    if (!isFree && patience.waits === 0) return defined({ opensAt, batches, delays: [...delays] });
    const opening = isFree ? at : openingOf(head, stage, freezes, at, delays);
    if (opening === undefined) return opensAt && { opensAt, batches, delays: [...delays] };
    if (opening > at) patience.waits -= 1;
    at = opening;
    const free = Math.max(0, slots - busy);
    const size = isFree ? Math.min(free, queue.length - taken) : startable(work, taken, free, at);
    if (size > 0) opensAt ??= at;
    at = later(at, batchMs(size, busy, costs));
    taken += size;
    batches += size > 0 ? 1 : 0;
    busy = 0;
  }
  if (busy > 0) at = later(at, batchMs(0, busy, costs));
  return { opensAt: opensAt ?? from, liveAt: at, batches, delays: [...delays] };
}

/** When a cluster may start, and what made it wait. */
function openingOf(
  { labels }: FleetCluster,
  { windows }: Stage,
  freezes: readonly Freeze[],
  at: Date,
  delays: Set<string>,
): Date | undefined {
  const isOpen = windows?.some((window) => isInWindow(window, at)) ?? true;
  const mine = freezes.filter((freeze) => freeze.selects(labels));
  const frozen = frozenAt(mine, at);
  if (isOpen && frozen.length === 0) return at;
  if (!isOpen) delays.add('window');
  for (const { name } of frozen) delays.add(name);
  return nextOpening(windows, mine, at);
}

/** How many of the queue may start now, up to the first that is frozen. */
function startable({ queue, freezes }: Work, from: number, free: number, at: Date): number {
  const frozen = frozenAt(freezes, at);
  const upTo = Math.min(queue.length, from + free);
  if (frozen.length === 0) return upTo - from;
  let next = from;
  while (next < upTo && !isHeld(queue[next], frozen)) next += 1;
  return next - from;
}

/** Those that last at an instant. A look at a clock costs far more than a comparison. */
function frozenAt(freezes: readonly Freeze[], at: Date): readonly Freeze[] {
  const ms = at.getTime();
  return freezes.filter((freeze) => {
    const isNear = ms > utcOf(freeze.from) - DAY_MS && ms < utcOf(freeze.to) + DAY_MS;
    return isNear && isFrozen(freeze, at);
  });
}

/** No zone is a day away from UTC. */
const DAY_MS = 86_400_000;

function utcOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

function isHeld(cluster: FleetCluster | undefined, frozen: readonly Freeze[]): boolean {
  return cluster !== undefined && frozen.some((freeze) => freeze.selects(cluster.labels));
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
