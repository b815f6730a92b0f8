import { describe, expect, it } from 'vitest';
import type { Decision } from '#functions/admission/decision.ts';
import { measureReview } from '#functions/admission/create-admission.ts';
import { recordMeter } from '#test/fakes/telemetry.ts';

const startedAt = new Date('2026-11-22T05:00:00Z');
const now = new Date('2026-11-22T05:00:00.250Z');

describe('measureReview()', () => {
  it.each<[Decision['outcome'], boolean, string | undefined]>([
    ['verified', true, 'allowed'],
    ['verified-earlier', true, 'allowed'],
    ['unchanged', true, undefined],
    ['not-an-rsync', true, undefined],
    ['unsigned', false, 'denied'],
    ['not-of-spec', false, 'denied'],
    ['unchecked', false, 'failed'],
    ['overloaded', false, 'failed'],
  ])('of %s, admitted: %s, says %s', (outcome, admit, told) => {
    const { meter, told: recorded } = recordMeter();
    measureReview({ admit, outcome }, startedAt, { meter, now: () => now });
    const line = ['review_duration', 0.25, { outcome: told }];
    expect(recorded).toEqual(told === undefined ? [] : [line]);
  });
});
