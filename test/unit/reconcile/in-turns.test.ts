import { describe, expect, it } from 'vitest';
import { inTurns } from '#shared/reconcile/in-turns.ts';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const first = (item: string): string => item.slice(0, 1);

/** Work that ends only when it is released. */
function gated(): {
  work: (item: string) => Promise<string>;
  begun: string[];
  release: (item: string) => void;
} {
  const begun: string[] = [];
  const open = new Map<string, () => void>();
  return {
    begun,
    release: (item) => open.get(item)?.(),
    async work(item) {
      begun.push(item);
      await new Promise<void>((resolve) => open.set(item, resolve));
      return item;
    },
  };
}

describe('inTurns()', () => {
  it('takes one of each group, then the next of each, and gives the results in order', async () => {
    const begun: string[] = [];
    const items = ['a1', 'a2', 'a3', 'b1', 'c1', 'c2'];
    const work = async (item: string): Promise<string> => {
      begun.push(item);
      await tick();
      return item.toUpperCase();
    };
    const results = await inTurns(items, first, work, { atOnce: 1, perGroup: 1 });
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
    expect(results).toEqual(['A1', 'A2', 'A3', 'B1', 'C1', 'C2']);
  });

  it('leaves places to the others when a group hangs', async () => {
    const hostile = Array.from({ length: 50 }, (_, index) => `h${index}`);
    const { work, begun, release } = gated();
    const done = inTurns([...hostile, 'g1', 'g2', 'g3'], first, work, { atOnce: 4, perGroup: 2 });
    await tick();
    expect(begun).toEqual(['h0', 'g1', 'h1', 'g2']);
    release('g1');
    await tick();
    expect(begun.at(-1)).toBe('g3');
    for (const item of ['g2', 'g3']) release(item);
    await tick();
    expect(begun.filter((item) => item.startsWith('h'))).toHaveLength(2);
    for (let index = 0; index < hostile.length; index += 1) {
      release(`h${index}`);
      await tick();
    }
    expect(await done).toHaveLength(53);
  });

  it('never has more under way than there are places', async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 40 }, (_, index) => String.fromCharCode(97 + (index % 8)));
    await inTurns(
      items,
      first,
      async () => {
        running += 1;
        most = Math.max(most, running);
        await tick();
        running -= 1;
      },
      { atOnce: 5, perGroup: 2 },
    );
    expect(most).toBe(5);
  });

  it('begins nothing more once work has thrown, and waits for what was begun', async () => {
    const ended: string[] = [];
    const failure = new Error('The cluster is gone');
    const work = async (item: string): Promise<void> => {
      if (item === 'b1') throw failure;
      await tick();
      ended.push(item);
    };
    const items = ['a1', 'b1', 'c1', 'a2', 'b2'];
    await expect(inTurns(items, first, work, { atOnce: 3, perGroup: 1 })).rejects.toBe(failure);
    expect(ended).toEqual(['a1', 'c1']);
  });

  it('has nothing to do for nothing', async () => {
    expect(await inTurns([], first, async () => 1, { atOnce: 1, perGroup: 1 })).toEqual([]);
  });
});
