import { defined } from '#shared/core/defined.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Snapshot } from '#shared/reconcile/snapshot.ts';
import { imageOf } from '#shared/rollouts/fleets.ts';
import { type ImagePlan, type UnpinnedPlace, planImage } from '#shared/rollouts/plan-image.ts';
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
  const { fleet, fleets } = await clusters(image, rule);
  const key = digest && keyOf(digest, record);
  const unpinned = unpinnedIn(fleets.snapshot.records, image);
  const query = { image, record, rule, strategy, fleet, unpinned, ...defined({ digest: key }) };
  return planImage(query, now(), planning);
}

/** People name an index as well, where clusters run the child that the record has. */
function keyOf(digest: string, { indexes = {} }: RolloutRecord): string {
  return Object.keys(indexes).find((key) => indexes[key] === digest) ?? digest;
}

/** As the last looks found them. */
function unpinnedIn(records: Snapshot['records'], image: string): readonly UnpinnedPlace[] {
  return [...records.values()].flatMap(({ cluster, syncs }) =>
    syncs
      .filter((row) => imageOf(row) === image)
      .flatMap(({ sync, staged }) =>
        staged?.unpinned === undefined ? [] : [{ cluster, sync, code: staged.unpinned }],
      ),
  );
}
