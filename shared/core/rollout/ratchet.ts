import type { Release, Tracker } from '../track/track.ts';
import type { Arrival, RolloutRecord } from './record.ts';

/**
 * The highest version that a record knows: of what is rolled out, waits, was there before, was passed over by a person or
 * rolled back. Automation begins no roll-out of a lower one, so that what a person took back stays so.
 *
 * @example
 * const floor = floorOf(record, tracker);
 */
export function floorOf(
  { releases = {}, next }: Pick<RolloutRecord, 'releases' | 'next'>,
  { compare }: Tracker,
): Release | undefined {
  const all = [...Object.values(releases), ...(next?.release ? [next.release] : [])];
  return all.reduce<Release | undefined>((best, one) => {
    if (compare(one.version, one.version) === undefined) return best;
    return best === undefined || (compare(one.version, best.version) ?? 0) > 0 ? one : best;
  }, undefined);
}

/**
 * Whether what arrives is lower than what a record knows.
 *
 * @example
 * if (isBelow(record, brought, tracker)) return record;
 */
export function isBelow(
  record: Pick<RolloutRecord, 'releases' | 'next'>,
  { release }: Pick<Arrival, 'release'>,
  tracker: Tracker,
): boolean {
  if (release === undefined) return false;
  const floor = floorOf(record, tracker);
  return floor !== undefined && (tracker.compare(release.version, floor.version) ?? 0) < 0;
}
