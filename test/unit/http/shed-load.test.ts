import { describe, expect, it } from 'vitest';
import { createLanes } from '#shared/http/shed-load.ts';

const LIMITS = { perKey: 2, waiting: 1 };

function hold() {
  const { promise, resolve } = Promise.withResolvers<object>();
  return { work: () => promise, done: () => resolve({}) };
}

describe('createLanes()', () => {
  it('turns away at once who would have to wait too long a queue', async () => {
    const lanes = createLanes(LIMITS);
    const held = hold();
    const running = [1, 2, 3].map(() => lanes('a', held.work));
    expect(await lanes('a', held.work)).toBeUndefined();
    held.done();
    expect(await Promise.all(running)).toEqual([{}, {}, {}]);
    expect(await lanes('a', async () => ({ late: true }))).toEqual({ late: true });
  });

  it('delays no request behind another key', async () => {
    const lanes = createLanes(LIMITS);
    const held = hold();
    const running = [1, 2, 3].map(() => lanes('a', held.work));
    expect(await lanes('b', async () => ({ other: true }))).toEqual({ other: true });
    held.done();
    await Promise.all(running);
  });

  it('passes on what work throws, and gives its lane back', async () => {
    const lanes = createLanes({ perKey: 1, waiting: 0 });
    const fail = async (): Promise<object> => {
      throw new Error('no');
    };
    await expect(lanes('a', fail)).rejects.toThrow('no');
    expect(await lanes('a', async () => ({}))).toEqual({});
  });
});
