import { afterEach, describe, expect, it } from 'vitest';
import { createLifetime, type Lifetime } from '#infra/local/config-sync/lifetime.ts';
import { newestOf, pullBackoff, startSourceSync } from '#infra/local/config-sync/source.ts';
import type { Content } from '#infra/local/config-sync/unpack-layers.ts';
import { manualClock } from '../pubsub/manual-clock.ts';

const pace = { pollMs: 150, attemptMs: 1_500, rolloutMs: 0 };
let lifetime: Lifetime;

afterEach(() => lifetime?.end());

/** A source whose pulls go as a test asks: a commit, or a failure. */
function start(period: number | undefined) {
  const clock = manualClock();
  lifetime = createLifetime({ clock, onError: () => undefined });
  const world = { next: 'c1' as string | Error, pulls: 0, known: [] as (Content | undefined)[] };
  const pull = async (_: AbortSignal, known: Content | undefined): Promise<Content> => {
    world.pulls += 1;
    world.known.push(known);
    if (world.next instanceof Error) throw world.next;
    return { commit: world.next, paths: [] };
  };
  return { clock, world, ...startSourceSync({ pull, period, pace, lifetime }) };
}

describe('startSourceSync()', () => {
  it('waits for its first pull, then pulls at its period, shortened', async () => {
    const { clock, world, state } = start(30_000);
    expect(state()).toEqual({ type: 'waiting' });
    await clock.advance(299);
    expect(state()).toEqual({ type: 'ready', content: { commit: 'c1', paths: [] } });
    expect(world.pulls).toBe(1);
    await clock.advance(1);
    expect(world.pulls).toBe(2);
    expect(world.known).toEqual([undefined, { commit: 'c1', paths: [] }]);
  });

  it('pulls once where there is no period', async () => {
    const { clock, world } = start(undefined);
    await clock.advance(3_600_000);
    expect([world.pulls, clock.pending()]).toEqual([1, 0]);
  });

  it('backs off after failures, says why, and recovers', async () => {
    const { clock, world, state } = start(15_000);
    world.next = new Error('no such tag');
    await clock.advance(150);
    expect(state()).toEqual({ type: 'failed', why: 'no such tag' });
    // 1 s, 2 s and 4 s, a hundred times as fast.
    await clock.advance(10);
    await clock.advance(20);
    expect(world.pulls).toBe(4);
    await clock.advance(39);
    expect(world.pulls).toBe(4);
    world.next = 'c2';
    await clock.advance(1);
    expect(state()).toMatchObject({ type: 'ready', content: { commit: 'c2' } });
    await clock.advance(149);
    expect(world.pulls).toBe(5);
  });

  it('tries a failed pull again when it is asked to, and backs off anew from there', async () => {
    const { clock, world, state, retryPull } = start(15_000);
    world.next = new Error('no such tag');
    await clock.advance(150);
    await clock.advance(10);
    await clock.advance(20);
    expect(world.pulls).toBe(4);
    retryPull();
    await clock.advance(0);
    expect(world.pulls).toBe(5);
    await clock.advance(9);
    expect(world.pulls).toBe(5);
    await clock.advance(1);
    expect(world.pulls).toBe(6);
    world.next = 'c2';
    retryPull();
    await clock.advance(0);
    expect(state()).toMatchObject({ type: 'ready', content: { commit: 'c2' } });
    // The wait that it took the place of is over, too.
    await clock.advance(149);
    expect(world.pulls).toBe(7);
  });

  it('leaves a pull alone that has not failed', async () => {
    const { clock, world, retryPull } = start(15_000);
    retryPull();
    await clock.advance(0);
    retryPull();
    await clock.advance(149);
    expect(world.pulls).toBe(1);
  });

  it('gives a pull 120 s', async () => {
    const clock = manualClock();
    lifetime = createLifetime({ clock, onError: () => undefined });
    const pull = (signal: AbortSignal): Promise<Content> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const { state } = startSourceSync({ pull, period: 15_000, pace, lifetime });
    await clock.advance(119_999);
    expect(state()).toEqual({ type: 'waiting' });
    await clock.advance(1);
    expect(state()).toEqual({ type: 'failed', why: 'aborted' });
  });

  it('leaves no timer behind', async () => {
    const { clock } = start(15_000);
    await clock.advance(0);
    expect(clock.pending()).toBe(1);
    await lifetime.end();
    expect(clock.pending()).toBe(0);
  });
});

describe('pullBackoff()', () => {
  it.each([
    [1, undefined, 1_000],
    [2, undefined, 2_000],
    [12, undefined, 2_048_000],
    [13, undefined, 3_600_000],
    [30, undefined, 3_600_000],
    [13, 7_200_000, 4_096_000],
    [0, undefined, 1_000],
  ])('after %i failures at period %o is %i ms', (failures, period, wanted) => {
    expect(pullBackoff(failures, period)).toBe(wanted);
  });
});

describe('newestOf()', () => {
  it.each([
    [['1.9.0', '1.10.0', '1.2.0'], '1.10.0'],
    [['1.0.0', '2.0.0-rc.1', 'latest'], '1.0.0'],
    [['1.0.0', '1.0.1_build.5'], '1.0.1+build.5'],
  ])('of %o is %s', (tags, newest) => {
    expect(newestOf(tags)).toBe(newest);
  });

  it('refuses a chart without a stable version', () => {
    expect(() => newestOf(['latest', '1.0.0-rc.1'])).toThrow('no stable version');
  });
});
