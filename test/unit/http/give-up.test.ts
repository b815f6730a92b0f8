import { describe, expect, it } from 'vitest';
import { CountersignError, type FailureCode } from '#shared/core/errors.ts';
import { giveUp } from '#shared/http/with-message.ts';
import { MAX_DELIVERIES, MIN_DELIVERIES, TASK_PATIENCE_MS } from '#shared/http/limits.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const MINUTE = 60_000;

/** Minutes for which each failure is retried: every code is in here, or this does not compile. */
const MINUTES: Readonly<Record<FailureCode, number>> = {
  'bad-config': 0,
  'bad-reference': 0,
  'bad-request': 0,
  'cluster-conflict': 10,
  'cluster-forbidden': 0,
  'cluster-not-found': 0,
  'cluster-refused': 0,
  'cluster-unreachable': 60,
  'deadline-exceeded': 60,
  'fleet-unavailable': 60,
  forbidden: 0,
  internal: 10,
  'key-unavailable': 60,
  'no-config-sync': 0,
  'publish-failed': 60,
  'records-unavailable': 60,
  'registry-denied': 0,
  'registry-misbehaved': 60,
  'registry-not-allowed': 0,
  'registry-unavailable': 60,
  'store-unavailable': 60,
  'too-large': 0,
  'trust-root-unavailable': 60,
  unauthenticated: 0,
};

const TABLE = Object.entries(MINUTES).flatMap(([code, minutes]) =>
  isCode(code) ? [[code, minutes] as const] : [],
);

function isCode(code: string): code is FailureCode {
  return code in MINUTES;
}

function published(
  ago: number,
  deliveryAttempt = MIN_DELIVERIES,
): { publishTime: Date; deliveryAttempt: number } {
  return { publishTime: new Date(NOW.getTime() - ago), deliveryAttempt };
}

describe('giveUp()', () => {
  it.each(TABLE.filter(([, minutes]) => minutes === 0))('has %s kept at once, as it is', (code) => {
    const failure = new CountersignError(code, 'Grant it');
    expect(failure).toMatchObject({ retry: false, retryForMs: 0 });
    expect(giveUp(failure, published(0), { now: NOW })).toBe(failure);
  });

  it.each(TABLE.filter(([, minutes]) => minutes > 0))(
    'has %s retried for %i minutes, and then kept with its reason',
    (code, minutes) => {
      const failure = new CountersignError(code, 'No answer');
      const age = minutes * MINUTE;
      expect(failure).toMatchObject({ retry: true, retryForMs: age });
      expect(giveUp(failure, published(age - 1), { now: NOW })).toBeUndefined();
      expect(giveUp(failure, published(age, 9), { now: NOW })).toMatchObject({
        code,
        retry: false,
        cause: failure,
        message: `Given up after ${minutes} minutes and 9 deliveries: No answer`,
      });
    },
  );

  const outage = new CountersignError('registry-unavailable', 'No answer');

  it('gives up by the number of deliveries, before Pub/Sub does it without a reason', () => {
    const at = (attempt: number): unknown =>
      giveUp(outage, published(MINUTE, attempt), { now: NOW });
    expect(at(MAX_DELIVERIES - 1)).toBeUndefined();
    expect(at(MAX_DELIVERIES)).toMatchObject({ code: 'registry-unavailable', retry: false });
  });

  it('is less patient with tasks, which delay the next task of their cluster', () => {
    const patience = { now: NOW, patienceMs: TASK_PATIENCE_MS };
    expect(giveUp(outage, published(TASK_PATIENCE_MS - 1), patience)).toBeUndefined();
    expect(giveUp(outage, published(TASK_PATIENCE_MS), patience)).toBeDefined();
  });

  const day = 24 * 60 * MINUTE;

  it.each([
    ['a clock that jumped a day', {}],
    ['a task, too', { patienceMs: TASK_PATIENCE_MS }],
  ])('gives up no first failure by its age: %s', (_, more) => {
    const first = { publishTime: new Date(NOW.getTime() - day) };
    for (let failures = 1; failures < MIN_DELIVERIES; failures += 1) {
      expect(giveUp(outage, first, { now: NOW, failures, ...more })).toBeUndefined();
    }
    const last = { now: NOW, failures: MIN_DELIVERIES, ...more };
    expect(giveUp(outage, first, last)).toMatchObject({ retry: false });
  });

  it('retries what was published in the future, by another clock', () => {
    expect(giveUp(outage, published(-MINUTE), { now: NOW })).toBeUndefined();
  });

  it.each([
    ['registry-denied', true, 10],
    ['registry-unavailable', false, 0],
    ['registry-unavailable', true, 60],
  ] as const)('obeys a %s that says retry %s: %i minutes', (code, retry, minutes) => {
    const failure = new CountersignError(code, 'x', { retry });
    expect(failure.retryForMs).toBe(minutes * MINUTE);
    expect(giveUp(failure, published(0), { now: NOW }) === undefined).toBe(retry);
  });
});
