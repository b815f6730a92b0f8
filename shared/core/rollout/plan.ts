import { defined } from '../defined.ts';
import type { Costs } from './costs.ts';
import type { Fleet, FleetCluster } from './fleet.ts';
import type { Imagined, Start } from './imagine.ts';
import { type Listed, listed } from './listed.ts';
import { type PlanWorld, type StagePlan, planStage, sumOf } from './stage-plan.ts';
import { createPatience } from './schedule.ts';
import { viewStages } from './standing.ts';
import { type Strategy, openingsAt } from './strategy.ts';

/** What a roll-out would do, should nothing fail and people answer at once. */
export interface RolloutPlan {
  readonly image: string;
  /** Absent: a digest that is not pushed yet. */
  readonly digest?: string;
  readonly start: Start;
  /** What its clusters can be taken back to; absent: nothing that is known. */
  readonly previous?: string;
  readonly stages: readonly StagePlan[];
  /** Clusters that are to get the digest, and calls to clusters that this takes. */
  readonly clusters: number;
  readonly calls: number;
  /** When the last is live, ISO 8601, not before now; absent: never as things are, or too far away to say. */
  readonly endsAt?: string;
  /** From now until then, waits for windows included. */
  readonly minutes?: number;
  readonly overlaps: Listed<Overlap>;
}

/** A cluster that several stages select: it is in the first of them. */
export interface Overlap {
  readonly cluster: string;
  readonly stages: readonly string[];
}

const MINUTE_MS = 60_000;

/**
 * What a roll-out would do: stages, turns, batches, windows, approvals, calls and times at the budget. Its times are the
 * earliest. It costs a look at each cluster, and a sort.
 *
 * @example
 * const plan = planRollout(imagine({ image, record }, strategy, fleet, now), strategy, fleet, now, costs);
 */
export function planRollout(
  { record, start, next }: Imagined,
  strategy: Strategy,
  fleet: Fleet,
  now: Date,
  costs: Costs,
): RolloutPlan {
  const isOpen = openingsAt(strategy, now);
  const views = viewStages(record, strategy, fleet.clusters, { now, isOpen });
  const freezes = strategy.freezes.filter(({ clock, to }) => clock(now).text < to);
  const patience = createPatience();
  const world: PlanWorld = { record, strategy, fleet, now, costs, freezes, patience };
  const stages: StagePlan[] = [];
  // A fleet without followers passes nothing.
  let at = views.every(({ size }) => size === 0) ? undefined : now;
  for (const view of views) {
    const plan = planStage(view, at, world);
    stages.push(plan);
    at = plan.state === 'passed' ? (plan.obstacle ? undefined : at) : dateOf(plan.passesAt);
  }
  // Those of stages that are passed are caught up on beside the one that is open.
  const ends = at && stages.map(({ liveAt }) => Date.parse(liveAt ?? '') || 0);
  const endsAt = at && ends && new Date(Math.max(at.getTime(), ...ends));
  return defined({
    image: record.image,
    digest: next ? undefined : record.digest,
    start,
    previous: record.previous,
    stages,
    clusters: sumOf(stages, ({ turns, underWay }) => turns.count + underWay),
    calls: sumOf(stages, ({ calls }) => calls.approving + calls.watching + calls.soaking),
    endsAt: endsAt?.toISOString(),
    minutes: endsAt && Math.ceil((endsAt.getTime() - now.getTime()) / MINUTE_MS),
    overlaps: listed(overlapsOf(strategy, fleet.clusters)),
  });
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

/** The last stage is for all that no other selects, whatever its selector. */
function overlapsOf({ stages }: Strategy, clusters: readonly FleetCluster[]): readonly Overlap[] {
  const chosen = stages.slice(0, -1);
  return clusters.flatMap(({ cluster, labels }) => {
    const names = chosen.filter((stage) => stage.selects(labels)).map(({ name }) => name);
    return names.length > 1 ? [{ cluster, stages: names }] : [];
  });
}
