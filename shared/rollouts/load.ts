import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { isMoving } from '#shared/core/rollout/moving.ts';
import { countUnderWay } from '#shared/core/rollout/standing.ts';
import type { Entry } from '#shared/records/records.ts';
import type { Found } from './find-rule.ts';
import type { Fleets } from './fleets.ts';

/** How many clusters roll-outs have under way: what each leaves to the others of `clustersAtOnce`. */
export interface Load {
  /** In the roll-outs of all images but this one. */
  elsewhere(image: string): number;
  /** Takes the record of an image as it is now. */
  count(record: RolloutRecord): void;
}

/**
 * Counts the clusters that each roll-out has under way. Only those that are on their way, or go back, are counted: a
 * newcomer of one that is completed takes no place.
 *
 * @example
 * const load = createLoad(entries, { fleets, find, now });
 * const elsewhere = load.elsewhere(image);
 */
export function createLoad(
  entries: readonly Entry[],
  world: {
    readonly fleets: Fleets;
    readonly find: (image: string) => Found;
    readonly now: Date;
  },
): Load {
  const active = new Map<string, RolloutRecord>();
  const counts = new Map<string, number>();

  function count(record: RolloutRecord): void {
    const { image } = record;
    counts.delete(image);
    if (isMoving(record) || record.status === 'rolling-back') active.set(image, record);
    else active.delete(image);
  }

  function measure(record: RolloutRecord): number {
    const { fleets, find, now } = world;
    const { image } = record;
    const { rule, strategy } = find(image);
    if (rule === undefined || strategy === undefined) return 0;
    const { clusters } = fleets.of({ image, rule, signedBy: [], elsewhere: 0 });
    return countUnderWay(record, strategy, clusters, now);
  }

  function underWayOf(record: RolloutRecord): number {
    const known = counts.get(record.image) ?? measure(record);
    counts.set(record.image, known);
    return known;
  }

  for (const { record } of entries) if (record !== undefined) count(record);
  return {
    count,
    elsewhere: (image) =>
      [...active.values()].reduce(
        (sum, record) => sum + (record.image === image ? 0 : underWayOf(record)),
        0,
      ),
  };
}
