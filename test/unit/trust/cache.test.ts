import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Verdict } from '#shared/core/verdict.ts';
import { createVerdictCache, type VerdictCache } from '#shared/trust/verifier.ts';

const verified: Verdict = { status: 'verified', authorities: ['a'], candidates: [] };
const unsigned: Verdict = { status: 'unsigned' };
const allowed: Verdict = { ...verified, authorities: [], allowedUnsigned: true };
const HOUR = 3_600_000;

let time: number;
let cache: VerdictCache;

beforeEach(() => {
  time = 0;
  cache = createVerdictCache({ now: () => time, maxEntries: 3 });
});

function answers(...verdicts: readonly Verdict[]): () => Promise<Verdict> {
  const left = [...verdicts];
  return vi.fn<() => Promise<Verdict>>(async () => {
    const next = left.shift();
    if (next === undefined) throw new Error('asked too often');
    return next;
  });
}

function throwAtOnce(): never {
  throw new Error('away');
}

describe('createVerdictCache()', () => {
  it.each([
    ['verified', verified, HOUR],
    ['unsigned', unsigned, 5_000],
    ['untrusted', { status: 'untrusted', candidates: [] }, 5_000],
    ['allowed unsigned', allowed, 5_000],
  ] as const)('keeps %s for its time and no longer', async (_, verdict, lifetime) => {
    const compute = answers(verdict, verdict);
    await cache.get('k', {}, compute);
    time = lifetime - 1;
    await cache.get('k', {}, compute);
    expect(compute).toHaveBeenCalledTimes(1);
    time = lifetime;
    await cache.get('k', {}, compute);
    expect(compute).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['keeps a verified answer', verified, 1],
    ['asks again about an unsigned one', unsigned, 2],
    ['asks again about one that is allowed unsigned', allowed, 2],
  ] as const)('%s when something changed', async (_, verdict, times) => {
    const compute = answers(verdict, verdict);
    await cache.get('k', {}, compute);
    await cache.get('k', { fresh: true }, compute);
    expect(compute).toHaveBeenCalledTimes(times);
  });

  it('dates a verdict by when its reading began', async () => {
    time = 5_000;
    const asked = cache.get('k', {}, async () => {
      time = 9_000;
      return verified;
    });
    await expect(asked).resolves.toEqual({ ...verified, readAt: '1970-01-01T00:00:05.000Z' });
    await expect(cache.get('k', {}, throwAtOnce)).resolves.toMatchObject({
      readAt: '1970-01-01T00:00:05.000Z',
    });
  });

  it('computes once for all who ask at once', async () => {
    const compute = answers(verified);
    const asked = Array.from({ length: 50 }, () => cache.get('k', {}, compute));
    await expect(Promise.all(asked)).resolves.toHaveLength(50);
    expect(compute).toHaveBeenCalledTimes(1);
  });

  it('gives fresh askers nothing that was begun before, and computes once for all of them', async () => {
    const before = Promise.withResolvers<Verdict>();
    const first = cache.get('k', {}, () => before.promise);
    const compute = answers(verified);
    const fresh = Array.from({ length: 50 }, () => cache.get('k', { fresh: true }, compute));
    const late = cache.get('k', {}, compute);
    before.resolve(unsigned);
    await expect(first).resolves.toMatchObject(unsigned);
    await expect(late).resolves.toMatchObject(unsigned);
    await expect(Promise.all(fresh)).resolves.toMatchObject(fresh.map(() => verified));
    expect(compute).toHaveBeenCalledTimes(1);
  });

  it('gives a failure to all who wait and does not keep it', async () => {
    const failing = vi.fn<() => Promise<Verdict>>(() => Promise.reject(new Error('away')));
    const asked = [cache.get('k', {}, failing), cache.get('k', {}, failing)];
    await expect(Promise.allSettled(asked)).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    expect(failing).toHaveBeenCalledTimes(1);
    await expect(cache.get('k', {}, answers(verified))).resolves.toMatchObject(verified);
  });

  it('gives up what all have left that waited for it, and begins anew for the next', async () => {
    const leaving = [new AbortController(), new AbortController()];
    const held = Promise.withResolvers<Verdict>();
    const given = Promise.withResolvers<AbortSignal>();
    const asked = leaving.map(({ signal }) =>
      cache.get('k', { signal }, (aborted) => {
        given.resolve(aborted);
        return held.promise;
      }),
    );
    const aborted = await given.promise;
    leaving[0]?.abort();
    expect(aborted.aborted).toBe(false);
    leaving[1]?.abort();
    expect(aborted.aborted).toBe(true);
    await expect(cache.get('k', {}, answers(verified))).resolves.toMatchObject(verified);
    // What it finds all the same is older than what was found since.
    held.resolve(unsigned);
    await Promise.all(asked);
    await expect(cache.get('k', {}, throwAtOnce)).resolves.toMatchObject(verified);
  });

  it('goes on for a caller that cannot leave', async () => {
    const leaving = new AbortController();
    const held = Promise.withResolvers<Verdict>();
    const given = Promise.withResolvers<AbortSignal>();
    const compute = (aborted: AbortSignal): Promise<Verdict> => {
      given.resolve(aborted);
      return held.promise;
    };
    const first = cache.get('k', { signal: leaving.signal }, compute);
    const second = cache.get('k', {}, throwAtOnce);
    leaving.abort();
    expect((await given.promise).aborted).toBe(false);
    held.resolve(verified);
    await expect(Promise.all([first, second])).resolves.toHaveLength(2);
  });

  it('survives a computation that throws at once', async () => {
    await expect(cache.get('k', {}, throwAtOnce)).rejects.toThrow('away');
    await expect(cache.get('k', {}, answers(verified))).resolves.toMatchObject(verified);
  });

  it('forgets the least recently used entry when it is full', async () => {
    const compute = vi.fn<() => Promise<Verdict>>(async () => verified);
    for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'c']) await cache.get(key, {}, compute);
    expect(compute).toHaveBeenCalledTimes(4);
    await cache.get('b', {}, compute);
    expect(compute).toHaveBeenCalledTimes(5);
  });
});
