import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import type { FunctionName } from './ports.ts';

/** One project of Pub/Sub by plain REST: the embedded one and Google's emulator alike. */
export interface PubsubRest {
  topicName(id: string): string;
  /** An existing topic is kept. */
  createTopic(id: string): Promise<void>;
  /** An existing subscription is replaced: its endpoint may be another world's. */
  replaceSubscription(id: string, settings: Readonly<Record<string, unknown>>): Promise<void>;
  deleteSubscription(id: string): Promise<void>;
  publish(topic: string, data: unknown): Promise<void>;
  /** Waits a while for messages; none is an empty list. */
  pull(subscription: string, signal: AbortSignal): Promise<Received[]>;
  acknowledge(subscription: string, ackIds: readonly string[]): Promise<void>;
}

const MAX_MESSAGES = 100;
const NOT_FOUND = 404;
const ALREADY_EXISTS = 409;

const message = z.object({
  messageId: z.string(),
  attributes: z.record(z.string(), z.string()).default({}),
  data: z
    .base64()
    .default('')
    .transform((text) => Buffer.from(text, 'base64')),
});
const received = z
  .object({ ackId: z.string(), message })
  .transform(({ ackId, message: sent }) => ({ ackId, ...sent }));
const pulled = z.object({ receivedMessages: z.array(received).default([]) });

/** A message as a pull returns it. */
type Received = z.output<typeof received>;

/**
 * `host` is what PUBSUB_EMULATOR_HOST holds.
 *
 * @example const pubsub = openPubsub('127.0.0.1:8085', 'local');
 */
export function openPubsub(host: string, project: string): PubsubRest {
  const base = `projects/${project}`;

  async function call(
    method: string,
    path: string,
    body?: object,
    options: { readonly accept?: number; readonly signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const { accept, signal } = options;
    const response = await fetch(`http://${host}/v1/${base}/${path}`, {
      method,
      ...defined({ body: body && JSON.stringify(body), signal }),
      headers: { 'content-type': 'application/json' },
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text || '{}');
    if (response.status === accept) return {};
    throw new Error(`Pub/Sub answered ${response.status} to ${method} ${path}: ${text}`);
  }

  async function deleteSubscription(id: string): Promise<void> {
    await call('DELETE', `subscriptions/${id}`, undefined, { accept: NOT_FOUND });
  }

  return {
    topicName: (id) => `${base}/topics/${id}`,
    async createTopic(id) {
      await call('PUT', `topics/${id}`, {}, { accept: ALREADY_EXISTS });
    },
    async replaceSubscription(id, settings) {
      await deleteSubscription(id);
      await call('PUT', `subscriptions/${id}`, settings);
    },
    deleteSubscription,
    async publish(topic, data) {
      const messages = [{ data: Buffer.from(JSON.stringify(data)).toString('base64') }];
      await call('POST', `topics/${topic}:publish`, { messages });
    },
    async pull(subscription, signal) {
      const body = { maxMessages: MAX_MESSAGES };
      const answer = await call('POST', `subscriptions/${subscription}:pull`, body, { signal });
      return pulled.parse(answer).receivedMessages;
    },
    async acknowledge(subscription, ackIds) {
      await call('POST', `subscriptions/${subscription}:acknowledge`, { ackIds });
    },
  };
}

/** Topics of the local project; `registry` has the name that Artifact Registry publishes to. */
export const TOPICS = {
  registry: 'gcr',
  tasks: 'countersign-tasks',
  sweepTasks: 'countersign-sweep-tasks',
  resyncTasks: 'countersign-resync-tasks',
  status: 'countersign-status',
  deadLetters: 'countersign-dead-letters',
} as const;

/** For people who want to see what happens. */
export const STATUS_SUBSCRIPTION = `${TOPICS.status}-local`;
const READERS = [
  [STATUS_SUBSCRIPTION, TOPICS.status],
  [`${TOPICS.deadLetters}-local`, TOPICS.deadLetters],
] as const;

/** Subscriptions that push to a function, each named `<topic>-<function>`. */
export const PUSH_SUBSCRIPTIONS = [
  { topic: TOPICS.registry, to: 'push', path: '/', ordered: false },
  { topic: TOPICS.tasks, to: 'cluster', path: '/tasks', ordered: true },
  { topic: TOPICS.sweepTasks, to: 'cluster', path: '/sweep-tasks', ordered: true },
  { topic: TOPICS.resyncTasks, to: 'cluster', path: '/resync-tasks', ordered: true },
  { topic: TOPICS.status, to: 'history', path: '/events', ordered: false },
] as const;

/** As long as one reconcile may take. */
const ACK_DEADLINE_SECONDS = 60;
/** Short, so that a person at the terminal does not wait long for a retry. */
const RETRY_POLICY = { minimumBackoff: '1s', maximumBackoff: '10s' } as const;
/** About three minutes of retries. */
const MAX_DELIVERY_ATTEMPTS = 20;

/** Creates the topics, and what people read: before any function starts, so that no event is missed. */
export async function createTopics(pubsub: PubsubRest): Promise<void> {
  await Promise.all(Object.values(TOPICS).map((id) => pubsub.createTopic(id)));
  await Promise.all(
    READERS.map(([id, topic]) =>
      pubsub.replaceSubscription(id, { topic: pubsub.topicName(topic), ackDeadlineSeconds: 60 }),
    ),
  );
}

/** Subscribes the functions that run, each at its URL. */
export async function subscribeFunctions(
  pubsub: PubsubRest,
  functions: ReadonlyMap<FunctionName, { readonly url: string }>,
): Promise<void> {
  await Promise.all(
    PUSH_SUBSCRIPTIONS.map(async (subscription) => {
      const found = functions.get(subscription.to);
      if (found !== undefined) await subscribeAt(pubsub, subscription, found.url);
    }),
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
  const all = [...pushing, ...READERS.map(([id]) => id)];
  await Promise.all(all.map((id) => pubsub.deleteSubscription(id)));
}
