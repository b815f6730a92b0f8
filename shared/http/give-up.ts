import { CountersignError } from '#shared/core/errors.ts';
import type { Message } from './envelope.ts';
import { MAX_DELIVERIES, MIN_DELIVERIES } from './limits.ts';

export interface Patience {
  readonly now: Date;
  /** How long a message of this endpoint is worth retrying, in milliseconds. */
  readonly patienceMs?: number;
  /** How often this process has seen the message fail, this time included. */
  readonly failures?: number;
}

/**
 * The one place that decides how long a message is retried: as long as its failure can pass by itself, by the time
 * since it was published and by its deliveries. Returns what to give it up with, and undefined to try again. Age alone
 * gives nothing up: a clock may jump, and a message may have waited while nothing listened. A message that does not say
 * when it was published is given up by its deliveries alone, or by its subscription.
 */
export function giveUp(
  failure: CountersignError,
  { publishTime, deliveryAttempt = 1 }: Pick<Message, 'publishTime' | 'deliveryAttempt'>,
  { now, patienceMs = Infinity, failures = 1 }: Patience,
): CountersignError | undefined {
  if (!failure.retry) return failure;
  const ageMs = now.getTime() - publishTime.getTime();
  const deliveries = Math.max(deliveryAttempt, failures);
  const old = ageMs >= Math.min(failure.retryForMs, patienceMs);
  const tired = old && deliveries >= MIN_DELIVERIES;
  if (!tired && deliveries < MAX_DELIVERIES) return undefined;
  const minutes = Math.max(0, Math.round(ageMs / 60_000));
  const message = `Given up after ${minutes} minutes and ${deliveries} deliveries: ${failure.message}`;
  return new CountersignError(failure.code, message, { cause: failure, retry: false });
}
