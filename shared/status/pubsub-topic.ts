import type { PubSub, Topic } from '@google-cloud/pubsub';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { within } from '#shared/net/within.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import type { TopicMessage } from './encode.ts';

/**
 * How long one publish may take, retries included. The client's own limit is ten minutes, longer than any function
 * runs; the slowest first publish measured is under two seconds.
 */
const PUBLISH_DEADLINE_MS = 20_000;

/** Messages under way at once in a fan-out: ordered messages are one call each, and the client holds their bytes. */
const FAN_OUT_WIDTH = 100;

/**
 * How long the client waits for more messages before it sends: next to nothing, for each caller awaits its own
 * message before it answers, and a function has no CPU afterwards.
 */
const BATCH_DELAY_MS = 1;

const BATCH_MESSAGES = 100;

/** The client's own deadline should come first: a failure it knows of leaves its ordering queues in order. */
const CLIENT_GRACE_MS = 500;

/** What the client throws: the gRPC code. */
const failureSchema = z.object({ code: z.number() });
const PERMISSION_DENIED = 7;

const TOPIC_NAME = /^projects\/([^/]+)\/topics\/[^/]+$/;

/** One Pub/Sub topic. Every call resolves only once the broker has the messages. Throws `publish-failed`. */
export interface TopicPublisher {
  publish(message: TopicMessage): Promise<void>;
  /** As `publishMany`, a bounded number at once. */
  publishMany(messages: Messages): Promise<number>;
}

type Messages = Iterable<TopicMessage> | AsyncIterable<TopicMessage>;

export interface TopicsOptions {
  /** `HOST:PORT` of an emulator, spoken to without TLS and without credentials. */
  readonly emulatorHost?: string;
  readonly deadlineMs?: number;
}

/** Topics by their full name, over one client per project. */
export interface Topics {
  /** Throws `bad-config` unless `name` is `projects/<project>/topics/<topic>`. Connects with the first message. */
  publisher(name: string): TopicPublisher;
  close(): Promise<void>;
}

/**
 * The only door to the Pub/Sub client, which is loaded when the first message is published.
 *
 * @example
 * const topics = createTopics();
 * await topics.publisher('projects/p/topics/countersign-status').publish(message);
 */
export function createTopics({
  emulatorHost,
  deadlineMs = PUBLISH_DEADLINE_MS,
}: TopicsOptions = {}): Topics {
  const clients = new Map<string, Promise<PubSub>>();
  async function connect(projectId: string): Promise<PubSub> {
    const { connectPubSub } = await import('./pubsub-client.ts');
    return connectPubSub(projectId, emulatorHost);
  }
  async function clientOf(projectId: string): Promise<PubSub> {
    const client = clients.get(projectId) ?? connect(projectId);
    clients.set(projectId, client);
    return client;
  }
  return {
    publisher(name) {
      const [, projectId] = TOPIC_NAME.exec(name) ?? [];
      if (projectId === undefined) {
        const message = `Topic ${JSON.stringify(name)} is not projects/<project>/topics/<topic>`;
        throw new CountersignError('bad-config', message);
      }
      let topic: Promise<Topic> | undefined;
      async function publish(message: TopicMessage): Promise<void> {
        topic ??= clientOf(projectId ?? '').then((client) => open(client, name, deadlineMs));
        await send(await topic, message, { name, deadlineMs });
      }
      return {
        publish,
        publishMany: (messages) => publishMany(messages, { publish, width: FAN_OUT_WIDTH }),
      };
    },
    async close() {
      for (const client of clients.values()) await (await client).close();
    },
  };
}

function open(client: PubSub, name: string, deadlineMs: number): Topic {
  return client.topic(name, {
    messageOrdering: true,
    batching: { maxMilliseconds: BATCH_DELAY_MS, maxMessages: BATCH_MESSAGES },
    gaxOpts: { timeout: deadlineMs },
  });
}

async function send(
  topic: Topic,
  { data, attributes, orderingKey }: TopicMessage,
  { name, deadlineMs }: { name: string; deadlineMs: number },
): Promise<void> {
  const message = { data: Buffer.from(data), attributes: { ...attributes } };
  try {
    await within(
      deadlineMs + CLIENT_GRACE_MS,
      () => topic.publishMessage({ ...message, ...defined({ orderingKey }) }),
      () => {
        throw new Error(`No answer within ${deadlineMs} ms`);
      },
    );
  } catch (cause) {
    // The client refuses an ordering key after one failure until it is resumed.
    if (orderingKey !== undefined) topic.resumePublishing(orderingKey);
    const problem = `Topic ${name} did not take a message${fixOf(cause)}`;
    throw new CountersignError('publish-failed', problem, { cause });
  }
}

/** What to do about a refusal, after a colon; empty where no grant and no API is missing. */
function fixOf(cause: unknown): string {
  const enable = disabledApiFix(cause);
  if (enable !== undefined) return `: ${enable}`;
  const isDenied = failureSchema.safeParse(cause).data?.code === PERMISSION_DENIED;
  return isDenied ? ': grant roles/pubsub.publisher on it' : '';
}

/**
 * Calls `publish` for each message with at most `width` under way, and resolves with how many there were; a message is
 * taken only when there is room for it, so a generator of any length is never held in memory. After a failure no
 * further message is taken; those under way are waited for. Rejects with the first failure.
 */
export async function publishMany(
  messages: Messages,
  { publish, width }: { publish: (message: TopicMessage) => Promise<void>; width: number },
): Promise<number> {
  const underWay = new Set<Promise<void>>();
  const failures: CountersignError[] = [];
  let published = 0;
  async function publishOne(message: TopicMessage): Promise<void> {
    try {
      await publish(message);
      published += 1;
    } catch (error) {
      failures.push(toFailure(error));
    }
  }
  for await (const message of messages) {
    const sending = publishOne(message).finally(() => underWay.delete(sending));
    underWay.add(sending);
    if (underWay.size >= width) await Promise.race(underWay);
    if (failures.length > 0) break;
  }
  await Promise.all(underWay);
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return published;
}
