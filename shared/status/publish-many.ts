import { toFailure } from '#shared/core/errors.ts';
import type { TopicMessage } from './encode.ts';

/**
 * Calls `publish` for each message with at most `width` under way; each worker takes the next message only when its
 * last one is out, so a generator of any length is never held in memory. Rejects with the first failure.
 */
export async function publishMany(
  messages: Iterable<TopicMessage> | AsyncIterable<TopicMessage>,
  { publish, width }: { publish: (message: TopicMessage) => Promise<void>; width: number },
): Promise<number> {
  const iterator =
    Symbol.asyncIterator in messages
      ? messages[Symbol.asyncIterator]()
      : messages[Symbol.iterator]();
  let published = 0;
  const stop = new AbortController();
  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      const next = await iterator.next();
      if (next.done === true) return;
      await publish(next.value);
      published += 1;
    }
  }
  const workers = Array.from({ length: width }, async () => {
    try {
      await work();
    } catch (error) {
      stop.abort();
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure === undefined) return published;
  await iterator.return?.();
  throw toFailure(failure.reason);
}
