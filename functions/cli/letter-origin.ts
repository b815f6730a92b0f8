import type { TopicNames } from '#shared/config/config.ts';
import type { DeadLetter } from '#shared/status/dead-letter.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';
import type { PubsubCalls } from '#shared/status/pubsub-calls.ts';

/** Artifact Registry publishes on a topic of this id, in whatever project the repository is. */
const REGISTRY_TOPIC = 'gcr';

/** Where a letter came from, as far as anyone knows. */
export interface Origin {
  readonly topic?: string;
  /** Why it cannot be replayed. */
  readonly problem?: string;
}

/**
 * Finds the topic of a letter by the subscription it names. The name is a claim of whoever published the letter, and
 * the replay is done by somebody who may publish in many places: so only topics that Countersign reads count.
 */
export function createOrigins(
  pubsub: PubsubCalls,
  { tasks, sweepTasks, resyncTasks }: TopicNames,
): (letter: DeadLetter) => Promise<Origin> {
  const ours = new Set([tasks, sweepTasks, resyncTasks]);
  const known = new Map<string, Promise<Origin>>();

  async function find(subscription: string): Promise<Origin> {
    const facts = await pubsub.subscription(subscription);
    if (facts === undefined)
      return { problem: `Subscription ${subscription} is not there any more` };
    const { topic } = facts;
    const name = parsePubsubName(topic);
    if (name === undefined)
      return { problem: `The topic of ${subscription} is not there any more` };
    if (ours.has(topic) || name.id === REGISTRY_TOPIC) return { topic };
    return { topic, problem: `Topic ${topic} is none that Countersign reads` };
  }

  return async ({ subscription }) => {
    if (subscription === undefined) return { problem: 'Nobody knows where it came from' };
    const origin = known.get(subscription) ?? find(subscription);
    known.set(subscription, origin);
    return origin;
  };
}

/** Whether `topic` is one of those asked for, by full name or id. */
export function isOnTopic(topic: string | undefined, asked: readonly string[]): boolean {
  if (asked.length === 0) return true;
  if (topic === undefined) return false;
  return asked.some((name) => name === topic || name === parsePubsubName(topic)?.id);
}
