import { defined } from '#shared/core/defined.ts';
import type { Fleet } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { type NextOpening, sayNow } from '#shared/core/rollout/say-now.ts';
import { type StageView, viewStages } from '#shared/core/rollout/standing.ts';
import { type Strategy, openingsAt } from '#shared/core/rollout/strategy.ts';

/** How many clusters of a stage are where. */
export interface StageCounts {
  readonly stage: string;
  readonly open: boolean;
  readonly clusters: number;
  readonly live: number;
  readonly underWay: number;
  readonly failed: number;
  readonly failedBefore: number;
  readonly unreachable: number;
  readonly waiting: number;
  readonly ignored: number;
  readonly held: number;
}

/** How far a roll-out is. */
export interface HowFar {
  readonly views: readonly StageView[];
  /** In the order of `views`. */
  readonly stages: readonly StageCounts[];
  /** One sentence: where it stands, and what comes next. */
  readonly message: string;
}

/**
 * How far a roll-out is in the fleet that follows its image.
 *
 * @example
 * const { stages, message } = howFar({ record, strategy, now }, fleets.of(about));
 */
export function howFar(
  {
    record,
    strategy,
    now,
    opening,
  }: {
    readonly record: RolloutRecord;
    readonly strategy: Strategy;
    readonly now: Date;
    /** Shared by the roll-outs of one list. */
    readonly opening?: NextOpening | undefined;
  },
  { clusters, partial }: Pick<Fleet, 'clusters' | 'partial'>,
): HowFar {
  const instant = { now, isOpen: openingsAt(strategy, now) };
  const views = viewStages(record, strategy, clusters, instant);
  const newest = views.findIndex(({ stage }) => stage.name === record.stage);
  const all = record.status === 'completed' || record.status === 'rolled-back';
  const scene = { record, strategy, views, now, ...defined({ opening, partial }) };
  return {
    views,
    stages: views.map((view) => countsOf(view, all || view.index <= newest)),
    message: sayNow(scene),
  };
}

function countsOf({ stage, of, size }: StageView, open: boolean): StageCounts {
  return {
    stage: stage.name,
    open,
    clusters: size,
    live: of.live.length,
    underWay: of['under-way'].length,
    failed: of.failed.length,
    failedBefore: of['failed-before'].length,
    unreachable: of.unreachable.length,
    waiting: of.waiting.length,
    ignored: of.ignored.length,
    held: of.held.length,
  };
}
