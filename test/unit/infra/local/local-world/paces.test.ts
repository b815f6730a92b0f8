import { describe, expect, it } from 'vitest';
import { paceOf } from '#infra/local/local-world/clusters.ts';

describe('paceOf()', () => {
  it.each([1, 3, 60])('is fifteen times as fast as a real one with %i clusters', (count) => {
    expect(paceOf(count)).toEqual({ pollMs: 1_000, attemptMs: 1_000, rolloutMs: 2_000 });
  });

  it('slows down with the number of clusters, to a real one', () => {
    expect(paceOf(120)).toEqual({ pollMs: 2_000, attemptMs: 2_000, rolloutMs: 4_000 });
    expect(paceOf(1_000)).toEqual({ pollMs: 15_000, attemptMs: 15_000, rolloutMs: 30_000 });
  });
});
