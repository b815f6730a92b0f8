import { TO_LIVE_MS } from '#shared/core/rollout/costs.ts';
import type { Fleet } from '#shared/core/rollout/fleet.ts';
import { type Asked, imagine } from '#shared/core/rollout/imagine.ts';
import { type Listed, listed } from '#shared/core/rollout/listed.ts';
import { type RolloutPlan, planRollout } from '#shared/core/rollout/plan.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { defined } from '#shared/core/defined.ts';
import { type ResolveNow, type WayBack, wayBackOf } from './way-back.ts';

/** What plans are made with. */
export interface Planning {
  /** Calls to clusters that sweeps may make, over all instances. */
  readonly callsPerMinute: number;
  readonly resolveNow: ResolveNow;
}

/** Whose plan is asked for. */
export interface PlanQuery extends Asked {
  readonly rule: ImageRule;
  readonly strategy: Strategy;
  readonly fleet: Fleet;
  /** RSyncs on which a pin cannot hold; absent: that is not known. */
  readonly unpinned?: readonly UnpinnedPlace[];
}

export interface UnpinnedPlace {
  readonly cluster: string;
  readonly sync: string;
  /** Of `PinObstacle`, or of the fleet's own. */
  readonly code: string;
}

/** The plan of one image, as people are shown it. */
export interface ImagePlan extends RolloutPlan {
  /** The name of the strategy. */
  readonly strategy: string;
  readonly wayBack: WayBack;
  readonly unpinned?: Listed<UnpinnedPlace>;
}

/**
 * What a digest would do on the fleet, and whether there is a way back: one look at the registry, and none at a cluster.
 *
 * @example
 * const plan = await planImage({ image, record, rule, strategy, fleet }, now, deps.planning);
 */
export async function planImage(
  { rule, strategy, fleet, unpinned, ...asked }: PlanQuery,
  now: Date,
  { callsPerMinute, resolveNow }: Planning,
): Promise<ImagePlan> {
  const costs = { toLiveMs: TO_LIVE_MS[rule.effect], callsPerMinute };
  const plan = planRollout(imagine(asked, strategy, fleet, now), strategy, fleet, now, costs);
  return defined({
    ...plan,
    strategy: rule.rollout ?? '',
    wayBack: await wayBackOf(plan, resolveNow),
    unpinned: unpinned && listed(unpinned),
  });
}
