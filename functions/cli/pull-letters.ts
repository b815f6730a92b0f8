import { CountersignError } from '#shared/core/errors.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import type { PubsubCalls, PulledMessage } from '#shared/status/pubsub-calls.ts';

/** Letters that one run looks at: what is more waits for the next. */
export const MAX_LETTERS = 1_000;
const PULL_SIZE = 100;
/** Pub/Sub may answer with nothing although there is something: only so many times. */
const EMPTY_PULLS = 4;
const EMPTY_PAUSE_MS = 250;
/** Pub/Sub's longest is 600 s. Longer than a run may take, so that no letter is delivered twice to one. */
export const LEASE_SECONDS = 300;

/** The one subscription of `topic` that is there to be pulled from. Throws `bad-config`, naming the fix. */
export async function findSubscription(pubsub: PubsubCalls, topic: string): Promise<string> {
  const names = await pubsub.subscriptionsOf(topic);
  const found: string[] = [];
  for (const name of names)
    if ((await pubsub.subscription(name))?.pulled === true) found.push(name);
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only;
  const id = parsePubsubName(topic)?.id ?? topic;
  const message =
    only === undefined
      ? `Topic ${topic} has no subscription to pull from: create one (gcloud pubsub subscriptions create ${id}-pull --topic=${topic})`
      : `Topic ${topic} has several subscriptions to pull from: choose by --subscription one of ${found.join(', ')}`;
  throw new CountersignError('bad-config', message);
}

/**
 * What is on the subscription, leased, so that nobody else gets it meanwhile: each letter must be acknowledged or
 * handed back. `pulled` has them also when a later call fails.
 */
export async function pullLetters(
  { pubsub, pause }: { pubsub: PubsubCalls; pause: (milliseconds: number) => Promise<void> },
  subscription: string,
  pulled: Map<string, PulledMessage>,
): Promise<void> {
  for (let empty = 0; empty < EMPTY_PULLS && pulled.size < MAX_LETTERS; ) {
    const messages = await pubsub.pull(subscription, PULL_SIZE);
    for (const message of messages) pulled.set(message.messageId, message);
    const ackIds = messages.map(({ ackId }) => ackId);
    await pubsub.lease(subscription, ackIds, LEASE_SECONDS);
    if (messages.length > 0) {
      empty = 0;
      continue;
    }
    empty += 1;
    await pause(EMPTY_PAUSE_MS);
  }
}
