import type { Check } from './checks.ts';
import { type Freeze, type Window, isFrozen, isInWindow } from './windows.ts';

/** Labels of a fleet membership. */
export type Labels = Readonly<Record<string, string>>;

/** A number of clusters, or a share of a stage. */
export type Limit = { readonly clusters: number } | { readonly percent: number };

/** One strategy of the config, parsed: how a digest reaches the clusters. */
export interface Strategy {
  /** In their order; a cluster is in the first that selects it, else in the last. */
  readonly stages: readonly [Stage, ...Stage[]];
  /** Approved and not live, or let in and not approved, for so long counts as failed, in milliseconds. */
  readonly progressDeadlineMs: number;
  /** Too many failures halt the roll-out, or take back what it did. */
  readonly onFailure: 'pause' | 'rollback';
  /** A newer digest replaces the one that is rolled out, or waits for its end. */
  readonly onNewer: 'replace' | 'queue';
  /** What a cluster that has nothing yet gets before its stage is open. */
  readonly newClusters: 'previous' | 'newest' | 'wait';
  readonly freezes: readonly Freeze[];
  /** Clusters under way at once over the roll-outs of all images. */
  readonly clustersAtOnce: number;
}

export interface Stage {
  /** Unique in its strategy; a record says by it where a roll-out is. */
  readonly name: string;
  selects(labels: Labels): boolean;
  /** Label by which its clusters take turns; absent: by name alone. */
  readonly orderBy?: string;
  /** Clusters under way at once; a share is rounded down, to one at least. */
  readonly maxConcurrency: Limit;
  /** More failed clusters halt the roll-out; a share is rounded down. */
  readonly maxFailures: Limit;
  /** More clusters out of reach stop it, and halt it after the deadline; a share is rounded down. */
  readonly maxUnreachable: Limit;
  /** How long all must have been well before the stage is passed, in milliseconds. */
  readonly soakMs: number;
  /** What becomes of the stage where it has no cluster, or all of them are held. */
  readonly ifEmpty: 'skip' | 'wait';
  /** Approvals by people that the stage needs after its soak; absent: none. */
  readonly approval?: { readonly approvers: readonly string[]; readonly count: number };
  /** What must be so, beside what clusters report, before the stage is passed; absent: nothing. */
  readonly checks?: readonly Check[];
  /** Trust policy that the digest must meet before this stage opens. */
  readonly signedBy?: string;
  /** The stage starts something only inside one of these; absent: at any time. */
  readonly windows?: readonly Window[];
}

/** A stage, and how many are before it. */
export interface Place {
  readonly index: number;
  readonly stage: Stage;
}

/**
 * The stage that a cluster is in: the first that selects its labels, else the last. So each cluster is in one stage.
 *
 * @example
 * stageOf(strategy, { ring: 'canary' }).stage.name // 'canary'
 */
export function stageOf({ stages }: Strategy, labels: Labels): Place {
  const found = stages.findIndex((stage) => stage.selects(labels));
  const index = found < 0 ? stages.length - 1 : found;
  return { index, stage: stages[index] ?? stages[0] };
}

/**
 * What a limit comes to in a stage of `size` clusters. A share is rounded down; where anything above 0 % is written, it
 * is `least` at the least.
 *
 * @example
 * countOf({ percent: 25 }, 7, 1) // 1
 */
export function countOf(limit: Limit, size: number, least: 0 | 1): number {
  if ('clusters' in limit) return limit.clusters;
  if (limit.percent <= 0) return 0;
  // Shares have two decimals at the most: in whole hundredths no product is a little too small.
  const hundredths = Math.round(limit.percent * 100);
  return Math.max(least, Math.floor((hundredths * size) / 10_000));
}

/** The place of a cluster in the order of its stage; as a record's cursor: the last cluster that is let in. */
export interface Turn {
  /** The label that orders. */
  readonly by?: string;
  /** Its value; absent where the cluster does not have it. */
  readonly value?: string;
  readonly cluster: string;
}

/**
 * The turn of a cluster in a stage.
 *
 * @example
 * turnOf({ ...stage, orderBy: 'ring-order' }, { cluster: 'c1', labels: { 'ring-order': '7' } })
 */
export function turnOf(
  { orderBy }: Stage,
  { cluster, labels }: { readonly cluster: string; readonly labels: Labels },
): Turn {
  if (orderBy === undefined) return { cluster };
  const value = Object.hasOwn(labels, orderBy) ? labels[orderBy] : undefined;
  return value === undefined || value === ''
    ? { by: orderBy, cluster }
    : { by: orderBy, value, cluster };
}

const INTEGER = /^\d+$/;

/**
 * Order of two turns in a stage: numbers by value, then text, then clusters without the label; among equals the name.
 * Negative, zero or positive, for `toSorted`.
 *
 * @example
 * clusters.map((cluster) => turnOf(stage, cluster)).toSorted(compareTurns)
 */
export function compareTurns(a: Turn, b: Turn): number {
  const kind = kindOf(a.value) - kindOf(b.value);
  if (kind !== 0) return kind;
  const { value: left = '' } = a;
  const { value: right = '' } = b;
  const numbers = INTEGER.test(left) && INTEGER.test(right);
  const values = numbers ? compare(BigInt(left), BigInt(right)) : compare(left, right);
  return values || compare(a.cluster, b.cluster);
}

function kindOf(value: string | undefined): number {
  return value === undefined ? 2 : INTEGER.test(value) ? 0 : 1;
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether something may start in a cluster of a stage, by the windows and freezes of one instant. Where a person
 * overrode those of the config, by the freezes of people alone.
 */
export interface Openings {
  (place: Place, labels: Labels, overridden?: boolean): boolean;
  /** The freeze that holds for a cluster, whatever its stage; undefined: none does. */
  frozen(labels: Labels, overridden?: boolean): Freeze | undefined;
}

/** The last instant that was asked for of each strategy: thousands of clusters are judged at one. */
const lastOpenings = new WeakMap<Strategy, { readonly at: number; readonly isOpen: Openings }>();

/**
 * What windows and freezes allow at an instant. Clocks are looked at once for each stage and freeze, so that thousands
 * of clusters cost no more.
 *
 * @example
 * const isOpen = openingsAt(strategy, now);
 * isOpen(stageOf(strategy, labels), labels)
 */
export function openingsAt(strategy: Strategy, now: Date): Openings {
  const at = now.getTime();
  const last = lastOpenings.get(strategy);
  if (last?.at === at) return last.isOpen;
  const isOpen = readOpenings(strategy, now);
  lastOpenings.set(strategy, { at, isOpen });
  return isOpen;
}

function readOpenings({ stages, freezes }: Strategy, now: Date): Openings {
  const frozen = freezes.filter((freeze) => isFrozen(freeze, now));
  const open = stages.map(
    ({ windows }) => windows?.some((window) => isInWindow(window, now)) ?? true,
  );
  const byPeople = frozen.filter(({ person }) => person !== undefined);
  const find = (labels: Labels, overridden = false): Freeze | undefined =>
    (overridden ? byPeople : frozen).find((freeze) => freeze.selects(labels));
  const isOpen = ({ index }: Place, labels: Labels, overridden = false): boolean =>
    (overridden || open[index] === true) && find(labels, overridden) === undefined;
  return Object.assign(isOpen, { frozen: find });
}
