import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { unsettledAfter } from '#shared/reconcile/unsettled.ts';
import type { Unsettled } from '#shared/store/store.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const MINUTE = 60_000;

function pausesOf(failure: CountersignError, times: number): number[] {
  let unsettled: Unsettled | undefined;
  return Array.from({ length: times }, () => {
    unsettled = unsettledAfter(failure, unsettled, NOW);
    return (Date.parse(unsettled.dueAt) - NOW.getTime()) / MINUTE;
  });
}

describe('the pauses of one RSync', () => {
  it('begin with the next sweep, double, and end at a quarter of an hour', () => {
    const failure = new CountersignError('registry-unavailable', 'No answer');
    expect(pausesOf(failure, 8)).toEqual([0, 1, 2, 4, 8, 15, 15, 15]);
  });

  it.each([
    ['as long as the registry asked for', 3 * MINUTE, [3, 3, 3, 4]],
    ['no longer than the cap, whatever it asks for', 1_000 * MINUTE, [15, 15]],
  ])('last %s', (_, retryAfterMs, expected) => {
    const failure = new CountersignError('registry-unavailable', 'Later', { retryAfterMs });
    expect(pausesOf(failure, expected.length)).toEqual(expected);
  });

  it('remember since when, and count', () => {
    const failure = new CountersignError('cluster-conflict', 'Again');
    const first = unsettledAfter(failure, undefined, NOW);
    const second = unsettledAfter(failure, first, new Date(NOW.getTime() + MINUTE));
    expect(second).toMatchObject({ since: first.since, attempts: 2, code: 'cluster-conflict' });
  });
});
