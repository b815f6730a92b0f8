/** How much is under way at once. */
export interface Places {
  readonly atOnce: number;
  /** Of these, of one group: what hangs in one leaves places to the others. */
  readonly perGroup: number;
}

/** Items of one group, each with its place in the whole list. */
type Queue<Item> = (readonly [item: Item, index: number])[];

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
  const waiting = new Map<string, Queue<Item>>();
  for (const [index, item] of items.entries()) {
    const group = groupOf(item);
    const queue = waiting.get(group) ?? [];
    queue.push([item, index]);
    waiting.set(group, queue);
  }
  for (const queue of waiting.values()) queue.reverse();
  const running = new Map<string, number>();
  const { promise: done, resolve: end } = Promise.withResolvers<void>();
  let underWay = 0;

  /** The next item whose group has a place left; its group then stands behind all others. */
  function next(): readonly [group: string, item: Item, index: number] | undefined {
    if (failures.length > 0 || underWay >= atOnce) return undefined;
    for (const [group, queue] of waiting) {
      if ((running.get(group) ?? 0) >= perGroup) continue;
      const [item, index] = queue.pop() ?? [];
      waiting.delete(group);
      if (item === undefined || index === undefined) continue;
      if (queue.length > 0) waiting.set(group, queue);
      return [group, item, index];
    }
    return undefined;
  }

  async function run(group: string, item: Item, index: number): Promise<void> {
    underWay += 1;
    running.set(group, (running.get(group) ?? 0) + 1);
    try {
      results[index] = await work(item);
    } catch (error) {
      failures.push(error);
    }
    underWay -= 1;
    running.set(group, (running.get(group) ?? 1) - 1);
    begin();
  }

  function begin(): void {
    for (let found = next(); found !== undefined; found = next()) void run(...found);
    if (underWay === 0) end();
  }

  begin();
  await done;
  if (failures.length > 0) throw failures[0];
  return results;
}
