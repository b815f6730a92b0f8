import type { Config } from '#shared/config/config.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import type { DeadLetter } from '#shared/status/dead-letter.ts';
import type { PubsubCalls, PulledMessage } from '#shared/status/pubsub-calls.ts';
import { parsePubsubName } from '#shared/status/pubsub-names.ts';

/** Letters that one run looks at: what is more waits for the next. */
export const MAX_LETTERS = 1_000;
const PULL_SIZE = 100;
/** Pub/Sub may answer with nothing although there is something: only so many times. */
const EMPTY_PULLS = 4;
const EMPTY_PAUSE_MS = 250;
/** Pub/Sub's longest is 600 s. Longer than a run may take, so that no letter is delivered twice to one. */
const LEASE_SECONDS = 300;

/** The one subscription of `topic` that can be pulled from. Throws `bad-config`, naming the fix. */
export async function findSubscription(pubsub: PubsubCalls, topic: string): Promise<string> {
  const found: string[] = [];
  for (const name of await pubsub.subscriptionsOf(topic)) {
    if ((await pubsub.subscription(name))?.pulled === true) found.push(name);
  }
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
 * What is on the subscription, leased, so that no other client gets it meanwhile: each letter must be acknowledged or
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
    empty = messages.length > 0 ? 0 : empty + 1;
    if (empty > 0) await pause(EMPTY_PAUSE_MS);
  }
}

/** Artifact Registry publishes on a topic of this id, in whatever project the repository is. */
const REGISTRY_TOPIC = 'gcr';

/** Where a letter came from, as far as it is known, or why it cannot be replayed. */
export type Origin =
  | { readonly topic: string; readonly problem?: undefined }
  | { readonly topic?: string; readonly problem: string };

/**
 * Finds the topic of a letter by the subscription it names. The name is a claim of the one who published the letter,
 * and the operator who replays it may publish in many places: so only topics that Countersign reads count.
 *
 * @example
 * const originOf = createOrigins(pubsub, config);
 * const { topic, problem } = await originOf(letter);
 */
export function createOrigins(
  pubsub: PubsubCalls,
  { topics, history }: Pick<Config, 'topics' | 'history'>,
): (letter: DeadLetter) => Promise<Origin> {
  const { tasks, sweepTasks, resyncTasks, status } = topics;
  const ours = new Set([
    tasks,
    sweepTasks,
    resyncTasks,
    ...(history === undefined ? [] : [status]),
  ]);
  const known = new Map<string, Promise<Origin>>();

  async function find(subscription: string): Promise<Origin> {
    const facts = await pubsub.subscription(subscription);
    if (facts === undefined) {
      return { problem: `Subscription ${subscription} is not there any more` };
    }
    const { topic } = facts;
    const name = parsePubsubName(topic);
    if (name === undefined)
      return { problem: `The topic of ${subscription} is not there any more` };
    if (ours.has(topic) || name.id === REGISTRY_TOPIC) return { topic };
    return { topic, problem: `Topic ${topic} is none that Countersign reads` };
  }

  return async ({ subscription }) => {
    if (subscription === undefined) return { problem: 'It is not known where it came from' };
    const origin = known.get(subscription) ?? find(subscription);
    known.set(subscription, origin);
    return origin;
  };
}

/** Whether `topic` is one of those asked for, by full name or id. */
export function isOnTopic(topic: string | undefined, asked: readonly string[]): boolean {
  if (asked.length === 0 || topic === undefined) return asked.length === 0;
  return asked.includes(topic) || asked.includes(parsePubsubName(topic)?.id ?? topic);
}

export interface Settled {
  readonly fate: 'listed' | 'replayed' | 'dropped' | 'would-replay' | 'would-drop' | 'kept';
  /** Why it was kept, or kept although it was replayed. */
  readonly problem?: string;
}

/**
 * Does with one letter what was asked. A replay is published first and acknowledged only then: a run that is killed in
 * between leaves the letter where it is, and the next one publishes it again, which changes nothing (law 1).
 */
export async function settleLetter(
  { verb, dryRun }: { readonly verb: 'list' | 'replay' | 'drop'; readonly dryRun: boolean },
  { topic, problem }: Origin,
  letter: { publish(topic: string): Promise<unknown>; acknowledge(): Promise<void> },
): Promise<Settled> {
  if (verb === 'list') return { fate: 'listed' };
  if (verb === 'replay' && problem !== undefined) return { fate: 'kept', problem };
  if (dryRun) return { fate: `would-${verb}` };
  try {
    if (verb === 'replay' && topic !== undefined) await letter.publish(topic);
    await letter.acknowledge();
    return { fate: verb === 'replay' ? 'replayed' : 'dropped' };
  } catch (error) {
    return { fate: 'kept', problem: toFailure(error).message };
  }
}
