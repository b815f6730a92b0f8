import type { Meter } from '#shared/core/metrics.ts';
import { secondsSince } from '#shared/telemetry/observe-event.ts';
import type { Decision } from './decision.ts';

/** What nobody could answer, as against what was answered with no. */
const FAILED = new Set<Decision['outcome']>(['unchecked', 'overloaded', 'unreadable']);

/** The rest changed nothing that is judged: there are many of them, and they tell nothing. */
const JUDGED = new Set<Decision['outcome']>(['verified', 'verified-earlier']);

export interface Metering {
  readonly meter: Meter;
  readonly now: () => Date;
}

/** Measures a review for which there had to be a verdict, where reviews are measured. */
export function measureReview(
  { admit, outcome }: Pick<Decision, 'admit' | 'outcome'>,
  startedAt: Date | undefined,
  metering: Metering | undefined,
): void {
  if (metering === undefined || startedAt === undefined) return;
  if (admit && !JUDGED.has(outcome)) return;
  const refused = FAILED.has(outcome) ? 'failed' : 'denied';
  const seconds = secondsSince(startedAt, metering.now());
  metering.meter.record('review_duration', seconds, { outcome: admit ? 'allowed' : refused });
}
