import { type BulkheadPolicy, bulkhead, isBulkheadRejectedError } from 'cockatiel';

export interface LaneLimits {
  /** At once, for one key. */
  readonly perKey: number;
  /** That wait behind them. */
  readonly waiting: number;
}

/** Runs work in the lanes of its key; undefined, at once, where as many wait as may. */
export type Lanes = <T extends object>(
  key: string,
  work: () => Promise<T>,
) => Promise<T | undefined>;

/**
 * Makes lanes for each key: what hangs behind one delays no work behind another, and no queue grows without end.
 *
 * @example
 * const runInLane = createLanes({ perKey: 4, waiting: 16 });
 * const verdict = await runInLane(host, () => judge(image)); // undefined: too many wait
 */
export function createLanes({ perKey, waiting }: LaneLimits): Lanes {
  const lanes = new Map<string, BulkheadPolicy>();
  return async function runInLane(key, work) {
    const lane = lanes.get(key) ?? bulkhead(perKey, waiting);
    lanes.set(key, lane);
    try {
      return await lane.execute(work);
    } catch (error) {
      if (isBulkheadRejectedError(error)) return undefined;
      throw error;
    } finally {
      if (lane.executionSlots === perKey && lane.queueSlots === waiting) lanes.delete(key);
    }
  };
}
