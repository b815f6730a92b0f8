import { bulkhead } from 'cockatiel';

export interface Places {
  readonly atOnce: number;
  /** Of these, of one group: what hangs in one leaves places to the others. */
  readonly perGroup: number;
}

/**
 * Does `work` for each item and gives the results in order. Groups take turns, whatever their sizes: one item of each,
 * then the next of each, and no group has more than its part of the places. Once `work` has thrown nothing more is
 * begun, and the first failure is thrown again when all that was begun has ended, so that nothing runs on unseen.
 */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  groupOf: (item: Item) => string,
  work: (item: Item) => Promise<Result>,
  { atOnce, perGroup }: Places,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const places = bulkhead(atOnce, Infinity);
  async function run(index: number, item: Item): Promise<void> {
    if (failures.length > 0) return;
    try {
      results[index] = await work(item);
    } catch (error) {
      failures.push(error);
    }
  }
  const groups = Map.groupBy(items.entries(), ([, item]) => groupOf(item));
  const turns = [...groups.values()].flatMap((group) => {
    const own = bulkhead(perGroup, Infinity);
    return group.map(([index, item], turn) => {
      const begin = () => own.execute(() => places.execute(() => run(index, item)));
      return { turn, begin };
    });
  });
  // What waits for a place is begun in the order in which it came.
  const ordered = turns.toSorted((a, b) => a.turn - b.turn);
  await Promise.all(ordered.map(({ begin }) => begin()));
  if (failures.length > 0) throw failures[0];
  return results;
}
