import { describe, expect, it } from 'vitest';
import { createGoodVerdicts } from '#functions/admission/ask.ts';

const HOUR_MS = 3_600_000;
const VERDICT = { status: 'verified', authorities: ['a'], candidates: [] } as const;

function create(staleForMs = 60_000) {
  let time = 0;
  const good = createGoodVerdicts({ staleForMs, now: () => new Date(time) });
  return { good, at: (milliseconds: number) => void (time = milliseconds) };
}

describe('createGoodVerdicts()', () => {
  it.each([
    [0, { verdict: VERDICT, stale: false }],
    [HOUR_MS - 1, { verdict: VERDICT, stale: false }],
    [HOUR_MS, { verdict: VERDICT, stale: true }],
    [HOUR_MS + 59_999, { verdict: VERDICT, stale: true }],
    [HOUR_MS + 60_000, undefined],
  ])('gives a verdict %i ms old as it counts by then', (age, expected) => {
    const { good, at } = create();
    good.remember('a', VERDICT);
    at(age);
    expect(good.recall('a')).toEqual(expected);
    expect(good.recall('b')).toBeUndefined();
  });

  it('keeps nothing that a policy without signatures admitted', () => {
    const { good } = create();
    good.remember('a', { ...VERDICT, allowedUnsigned: true });
    expect(good.recall('a')).toBeUndefined();
  });
});
