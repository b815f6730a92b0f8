import { defined } from '../defined.ts';
import { CALLS_PER_LOOK, type Costs, looksUntilLive, soakLookMs } from './costs.ts';
import type { Fleet, FleetCluster } from './fleet.ts';
import { type Listed, listed } from './listed.ts';
import type { RolloutRecord } from './record.ts';
import { sayTime } from './say-time.ts';
import { type Patience, schedule } from './schedule.ts';
import type { StageView } from './standing.ts';
import { type Stage, type Strategy, compareTurns, countOf, turnOf } from './strategy.ts';
import { evidenceToGo } from './view-checks.ts';
import { endsByItself } from './freezes.ts';
import type { Freeze, WallClock } from './windows.ts';

export interface StagePlan {
  readonly stage: string;
  readonly state: 'passed' | 'open' | 'ahead';
  /** Clusters that its labels choose, followers or not. */
  readonly members: number;
  /** Clusters that count: they follow the image, and are not held. */
  readonly size: number;
  /** Clusters that are to be let in, in their turns. */
  readonly turns: Listed<string>;
  /** Let in, and not live yet. */
  readonly underWay: number;
  readonly live: number;
  readonly held: number;
  readonly unreachable: number;
  /** Clusters under way at once. */
  readonly atOnce: number;
  readonly batches: number;
  readonly soakMs: number;
  /** Names of the checks that must be met before it is passed, and for how long: the longest of them. */
  readonly checks?: { readonly names: readonly string[]; readonly forMs: number };
  /** Approvals that are missing after the soak. */
  readonly approval?: { readonly approvers: readonly string[]; readonly missing: number };
  /** The policy that the digest must meet before it opens, where it is not known to. */
  readonly signedBy?: string;
  /** When it lets in the first, when all are live, and when it is passed: ISO 8601, at the earliest; absent: not known. */
  readonly opensAt?: string;
  readonly liveAt?: string;
  readonly passesAt?: string;
  /** Where it waits: when it opens by the clock of what it waits for, for people. */
  readonly opensOn?: string;
  /** `window`, and names of freezes, that make it wait. */
  readonly delays: readonly string[];
  /** What keeps it from being passed as things are. */
  readonly obstacle?: Obstacle;
  readonly calls: StageCalls;
}

export interface StageCalls {
  readonly approving: number;
  readonly watching: number;
  readonly soaking: number;
}

/** What keeps a stage from being passed. */
export const OBSTACLES = [
  /** A part of the fleet cannot be listed: of no stage it is known who is in it. */
  'partial',
  /** It has no cluster, and waits for one. */
  'empty',
  'failures',
  'unreachable',
  /** None of its clusters could show that the digest works. */
  'no-evidence',
  /** It may have no cluster under way. */
  'no-slots',
  'never-opens',
  /** A person has frozen it, until it is lifted. */
  'frozen',
] as const;

export type Obstacle = (typeof OBSTACLES)[number];

/** What the stages of one plan are made from. */
export interface PlanWorld {
  readonly record: RolloutRecord;
  readonly strategy: Strategy;
  readonly fleet: Fleet;
  readonly now: Date;
  readonly costs: Costs;
  /** Those that are not over. */
  readonly freezes: readonly Freeze[];
  readonly patience: Patience;
}

/**
 * What one stage would do, from the instant at which the one before it is passed; undefined: that is not known.
 *
 * @example
 * const { passesAt } = planStage(view, now, world);
 */
export function planStage(view: StageView, at: Date | undefined, world: PlanWorld): StagePlan {
  const { record, strategy, fleet, freezes, patience, costs, now } = world;
  const { stage, of, size } = view;
  const state = stateOf(view, world);
  // On the way back only those that have the rejected digest get another.
  const queue = record.status === 'rolling-back' ? [] : inTurn(stage, of.waiting);
  const busy = of['under-way'].length;
  const isAtOnce = record.promoted !== undefined && state !== 'ahead';
  const most = isAtOnce ? size : countOf(stage.maxConcurrency, size, 1);
  const slots = Math.max(0, Math.min(most, strategy.clustersAtOnce - fleet.elsewhere));
  const obstacle = obstacleOf(view, state, slots, fleet.partial);
  const isTimed = at !== undefined && obstacle === undefined;
  const run = isTimed
    ? schedule({ stage, queue, busy, slots, freezes, patience }, at, costs)
    : undefined;
  const soakMs = soakToGo(view, state, world);
  return defined({
    stage: stage.name,
    state,
    members: size + of.held.length + of.absent.length,
    size,
    turns: listed(queue.map(({ cluster }) => cluster)),
    underWay: busy,
    live: of.live.length,
    held: of.held.length,
    unreachable: of.unreachable.length,
    atOnce: slots,
    batches: run?.batches ?? Math.ceil(queue.length / Math.max(1, slots)),
    soakMs: stage.soakMs,
    checks: state === 'passed' ? undefined : checksOf(stage),
    approval: size === 0 || state === 'passed' ? undefined : approvalOf(stage, record),
    signedBy: state === 'ahead' && !isSigned(stage, fleet) ? stage.signedBy : undefined,
    opensAt: run?.opensAt?.toISOString(),
    liveAt: run?.liveAt?.toISOString(),
    passesAt: run?.liveAt && new Date(run.liveAt.getTime() + soakMs).toISOString(),
    opensOn:
      run?.opensAt && run.opensAt > (at ?? now)
        ? sayTime(run.opensAt, clockOf(stage, freezes))
        : undefined,
    delays: run?.delays ?? [],
    obstacle: isTimed && run === undefined ? whyNever(freezes) : obstacle,
    calls: callsOf(queue, { busy, size, soakMs, stage, record }, costs),
  });
}

function whyNever(freezes: readonly Freeze[]): Obstacle {
  return freezes.every(endsByItself) ? 'never-opens' : 'frozen';
}

function stateOf({ index }: StageView, { record, strategy }: PlanWorld): StagePlan['state'] {
  const current = strategy.stages.findIndex(({ name }) => name === record.stage);
  if (record.status === 'completed' || index < current) return 'passed';
  return index === current ? 'open' : 'ahead';
}

/** What `advance` would stop at, were it now. */
function obstacleOf(
  { stage, of, size }: StageView,
  state: StagePlan['state'],
  slots: number,
  partial: true | undefined,
): Obstacle | undefined {
  if (of.failed.length > countOf(stage.maxFailures, size, 0)) return 'failures';
  if (of.unreachable.length > countOf(stage.maxUnreachable, size, 0)) return 'unreachable';
  if (state === 'passed') return undefined;
  if (partial) return 'partial';
  if (size === 0) return stage.ifEmpty === 'wait' ? 'empty' : undefined;
  if (of.waiting.length > 0) return slots === 0 ? 'no-slots' : undefined;
  const mayShow = of['under-way'].length > 0 || of.live.length > 0 || of.ignored.length === size;
  return mayShow ? undefined : 'no-evidence';
}

/** What is left of the soak and of the evidence, once all are live. */
function soakToGo(
  { stage, of, size }: StageView,
  state: StagePlan['state'],
  { record, now }: PlanWorld,
): number {
  const { soakMs } = stage;
  const { okSince } = record;
  if (state === 'passed' || size === 0) return 0;
  const isWell = state === 'open' && of.waiting.length + of['under-way'].length === 0;
  const evidence = evidenceToGo(stage, record, now);
  if (!isWell || okSince === undefined) return Math.max(soakMs, evidence);
  return Math.max(0, evidence, soakMs - (now.getTime() - Date.parse(okSince)));
}

function checksOf({ checks }: Stage): StagePlan['checks'] {
  if (checks === undefined) return undefined;
  const names = checks.map(({ name }) => name);
  return { names, forMs: Math.max(...checks.map(({ forMs }) => forMs)) };
}

function clockOf({ windows }: Stage, freezes: readonly Freeze[]): WallClock | undefined {
  return windows?.[0]?.clock ?? freezes[0]?.clock;
}

function approvalOf(
  { name, approval }: Stage,
  { approvals }: RolloutRecord,
): StagePlan['approval'] | undefined {
  if (approval === undefined) return undefined;
  const given = new Set(approvals.filter(({ stage }) => stage === name).map(({ by }) => by));
  const missing = approval.count - given.size;
  return missing > 0 ? { approvers: approval.approvers, missing } : undefined;
}

function isSigned({ signedBy }: Stage, fleet: Fleet): boolean {
  return signedBy === undefined || fleet.signedBy.includes(signedBy);
}

interface Watched {
  readonly busy: number;
  readonly size: number;
  readonly soakMs: number;
  readonly stage: Stage;
  readonly record: RolloutRecord;
}

function callsOf(
  queue: readonly FleetCluster[],
  { busy, size, soakMs, stage, record: { digest } }: Watched,
  costs: Costs,
): StageCalls {
  // Of one that was not looked at, one RSync is taken to follow.
  const patches = sumOf(
    queue,
    ({ syncs }) => syncs?.filter(({ approved, held }) => approved !== digest && !held).length ?? 1,
  );
  const looks = Math.floor(soakMs / soakLookMs(stage.soakMs));
  return {
    approving: queue.length * CALLS_PER_LOOK + patches,
    watching: (queue.length + busy) * looksUntilLive(costs) * CALLS_PER_LOOK,
    soaking: size * looks * CALLS_PER_LOOK,
  };
}

function inTurn(stage: Stage, clusters: readonly FleetCluster[]): readonly FleetCluster[] {
  return clusters
    .map((cluster) => ({ cluster, turn: turnOf(stage, cluster) }))
    .toSorted((a, b) => compareTurns(a.turn, b.turn))
    .map(({ cluster }) => cluster);
}

/**
 * The sum of a measure.
 *
 * @example
 * sumOf(stages, ({ batches }) => batches)
 */
export function sumOf<T>(all: readonly T[], measure: (one: T) => number): number {
  return all.reduce((sum, one) => sum + measure(one), 0);
}
