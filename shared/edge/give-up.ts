import { CountersignError } from '#shared/core/errors.ts';
import type { Message } from './envelope.ts';
import { MAX_DELIVERIES } from './limits.ts';

export interface Patience {
  readonly now: Date;
  /** How long a message of this endpoint is worth retrying, in milliseconds. */
  readonly patienceMs?: number;
}

/**
 * The one place that decides how long a message is retried: as long as its failure can pass by itself, by the time
 * since it was published and by its deliveries. Returns what to give it up with, and undefined to try again. A message
 * that does not say when it was published is given up by its deliveries alone, or by its subscription.
 */
export function giveUp(
  failure: CountersignError,
  { publishTime, deliveryAttempt = 1 }: Pick<Message, 'publishTime' | 'deliveryAttempt'>,
  { now, patienceMs = Infinity }: Patience,
): CountersignError | undefined {
  if (!failure.retry) return failure;
  const ageMs = now.getTime() - publishTime.getTime();
  const tired = ageMs >= Math.min(failure.retryForMs, patienceMs);
  if (!tired && deliveryAttempt < MAX_DELIVERIES) return undefined;
  const minutes = Math.max(0, Math.round(ageMs / 60_000));
  const message = `Given up after ${minutes} minutes and ${deliveryAttempt} deliveries: ${failure.message}`;
  return new CountersignError(failure.code, message, { cause: failure, retry: false });
}
