import { describe, expect, it } from 'vitest';
import { createDirectory } from '#shared/fleet/directory.ts';
import { LISTING_TTL_MS } from '#shared/fleet/limits.ts';

interface World {
  readonly directory: ReturnType<typeof createDirectory<number>>;
  loads: number;
  time: number;
  fails: boolean;
}

/** Each listing is the number of listings made. */
function createWorld(): World {
  const world = { loads: 0, time: 1_000, fails: false };
  const load = async (): Promise<number> => {
    world.loads += 1;
    const mine = world.loads;
    await Promise.resolve();
    if (world.fails) throw new Error('no');
    return mine;
  };
  const directory = createDirectory(load, { now: () => world.time });
  return Object.assign(world, { directory });
}

describe('createDirectory()', () => {
  it('asks once for all who ask together, and for a while after', async () => {
    const world = createWorld();
    const { directory } = world;
    expect(await Promise.all([directory.current(), directory.current()])).toEqual([1, 1]);
    world.time += LISTING_TTL_MS - 1;
    expect(await directory.current()).toBe(1);
    world.time += 1;
    expect(await directory.current()).toBe(2);
  });

  it('asks again for a name it lacks, though its listing is young', async () => {
    const { directory } = createWorld();
    expect(await directory.current()).toBe(1);
    expect(await directory.afterMiss()).toBe(2);
    expect(await directory.current()).toBe(2);
  });

  it('asks once in a while for all the names it lacks', async () => {
    const world = createWorld();
    const { directory } = world;
    await directory.current();
    const misses = Array.from({ length: 50 }, () => directory.afterMiss());
    expect(new Set(await Promise.all(misses))).toEqual(new Set([2]));
    world.time += LISTING_TTL_MS - 1;
    await directory.afterMiss();
    expect(world.loads).toBe(2);
    world.time += 1;
    expect(await directory.afterMiss()).toBe(3);
  });

  it('throws a failure to all who wait for it, and remembers none', async () => {
    const world = createWorld();
    const { directory } = world;
    world.fails = true;
    const both = await Promise.allSettled([directory.current(), directory.current()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    world.fails = false;
    expect(await directory.current()).toBe(2);
  });
});
