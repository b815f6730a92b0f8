import type { RunningFunction } from './function-process.ts';
import type { FunctionName } from './ports.ts';
import type { PubsubRest } from './pubsub-rest.ts';
import {
  ACK_DEADLINE_SECONDS,
  DEAD_LETTER_SUBSCRIPTION,
  MAX_DELIVERY_ATTEMPTS,
  PUSH_SUBSCRIPTIONS,
  RETRY_POLICY,
  STATUS_SUBSCRIPTION,
  TOPICS,
} from './topics.ts';

/** Creates the topics, and what people read: before any function starts, so that no event is missed. */
export async function createTopics(pubsub: PubsubRest): Promise<void> {
  await Promise.all(Object.values(TOPICS).map((id) => pubsub.createTopic(id)));
  const readers = [
    [STATUS_SUBSCRIPTION, TOPICS.status],
    [DEAD_LETTER_SUBSCRIPTION, TOPICS.deadLetters],
  ] as const;
  await Promise.all(
    readers.map(([id, topic]) =>
      pubsub.replaceSubscription(id, { topic: pubsub.topicName(topic), ackDeadlineSeconds: 60 }),
    ),
  );
}

/** Subscribes the functions, each at its URL. */
export async function subscribeFunctions(
  pubsub: PubsubRest,
  functions: ReadonlyMap<FunctionName, Pick<RunningFunction, 'url'>>,
): Promise<void> {
  await Promise.all(
    PUSH_SUBSCRIPTIONS.map((subscription) =>
      subscribeAt(pubsub, subscription, `${functions.get(subscription.to)?.url}`),
    ),
  );
}

/** Subscribes a function where it is to be reached: its own URL, or what stands in front of it. */
export async function subscribeAt(
  pubsub: Pick<PubsubRest, 'replaceSubscription' | 'topicName'>,
  { topic, to, path, ordered }: (typeof PUSH_SUBSCRIPTIONS)[number],
  url: string,
): Promise<void> {
  await pubsub.replaceSubscription(`${topic}-${to}`, {
    topic: pubsub.topicName(topic),
    pushConfig: { pushEndpoint: `${url}${path}` },
    ackDeadlineSeconds: ACK_DEADLINE_SECONDS,
    enableMessageOrdering: ordered,
    retryPolicy: RETRY_POLICY,
    deadLetterPolicy: {
      deadLetterTopic: pubsub.topicName(TOPICS.deadLetters),
      maxDeliveryAttempts: MAX_DELIVERY_ATTEMPTS,
    },
  });
}

/** Removes every subscription of the world: an emulator outlives it, and would push to closed ports for ever. */
export async function unsubscribeAll(pubsub: PubsubRest): Promise<void> {
  const pushing = PUSH_SUBSCRIPTIONS.map(({ topic, to }) => `${topic}-${to}`);
  const all = [...pushing, STATUS_SUBSCRIPTION, DEAD_LETTER_SUBSCRIPTION];
  await Promise.all(all.map((id) => pubsub.deleteSubscription(id)));
}
