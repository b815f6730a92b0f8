import { defined } from '#shared/core/defined.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { type ImagePlan, planImage } from '#shared/rollouts/plan-image.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';

/**
 * What is left of a roll-out, or what `digest` would do instead; undefined where the config has no strategy for its image
 * any more. Throws `store-unavailable`, `fleet-unavailable`.
 */
export async function planRolloutOf(
  { record, rule, strategy }: FoundRollout,
  digest: string | undefined,
  { clusters, planning, now }: StagedDeps,
): Promise<ImagePlan | undefined> {
  if (rule === undefined || strategy === undefined) return undefined;
  const { image } = record;
  const { fleet } = await clusters(image, rule);
  const key = digest && keyOf(digest, record);
  return planImage(
    { image, record, rule, strategy, fleet, ...defined({ digest: key }) },
    now(),
    planning,
  );
}

/** People name an index as well, where clusters run the child that the record has. */
function keyOf(digest: string, { indexes = {} }: RolloutRecord): string {
  return Object.keys(indexes).find((key) => indexes[key] === digest) ?? digest;
}
