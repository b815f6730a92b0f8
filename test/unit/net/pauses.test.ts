import { describe, expect, it } from 'vitest';
import { MAX_PAUSE_MS, type SharedPauses, createPauses } from '#shared/net/pauses.ts';

const HOST = 'registry.test';

/** Two processes on one clock, with what they share, which may be out of order. */
function open() {
  const clock = { now: 1_000_000 };
  const store = new Map<string, number>();
  const asked = { reads: 0, broken: false };
  const shared: SharedPauses = {
    read: async (host) => {
      asked.reads += 1;
      if (asked.broken) throw new Error('down');
      return store.get(host);
    },
    write: async (host, until) => {
      if (asked.broken) throw new Error('down');
      store.set(host, until);
    },
  };
  const now = (): number => clock.now;
  return {
    clock,
    asked,
    store,
    one: createPauses({ now, shared }),
    other: createPauses({ now, shared }),
    alone: createPauses({ now }),
  };
}

describe('a pause', () => {
  it('is of one host, and ends', async () => {
    const { alone, clock } = open();
    await alone.remember(HOST, 20_000);
    clock.now += 5_000;
    expect(await alone.left(HOST)).toBe(15_000);
    expect(await alone.left('other.test')).toBe(0);
    clock.now += 15_000;
    expect(await alone.left(HOST)).toBe(0);
  });

  it('is not made shorter by a later answer, nor longer than its bound', async () => {
    const { alone } = open();
    await alone.remember(HOST, 20_000);
    await alone.remember(HOST, 1_000);
    expect(await alone.left(HOST)).toBe(20_000);
    await alone.remember(HOST, 86_400_000);
    expect(await alone.left(HOST)).toBe(MAX_PAUSE_MS);
  });

  it('is known to other processes by the store, which is asked now and then', async () => {
    const { one, other, clock, asked } = open();
    expect(await other.left(HOST)).toBe(0);
    await one.remember(HOST, 60_000);
    expect(await other.left(HOST)).toBe(0);
    clock.now += 5_000;
    expect(await other.left(HOST)).toBe(55_000);
    for (let ask = 0; ask < 10; ask += 1) await other.left(HOST);
    expect(asked.reads).toBe(2);
  });

  it('that is short is not shared', async () => {
    const { one, store } = open();
    await one.remember(HOST, 4_999);
    expect(store.size).toBe(0);
  });

  it.each([Infinity, 1e15, Number.MAX_SAFE_INTEGER])(
    'of %d in the store is bounded',
    async (until) => {
      const { other, store } = open();
      store.set(HOST, until);
      expect(await other.left(HOST)).toBe(MAX_PAUSE_MS);
    },
  );

  it('is kept by the process alone while the store is down', async () => {
    const { one, asked } = open();
    asked.broken = true;
    await one.remember(HOST, 20_000);
    expect(await one.left(HOST)).toBe(20_000);
    expect(await one.left('other.test')).toBe(0);
  });
});
