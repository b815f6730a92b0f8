import type { v1 } from '@google-cloud/pubsub';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { createSerial } from '#shared/net/serial.ts';
import { once } from '#shared/net/single-flight.ts';
import { within } from '#shared/net/within.ts';
import { createBatches } from './batches.ts';
import type { TopicMessage } from './encode.ts';

/**
 * How long one publish may take, retries included. The client's own limit is ten minutes, longer than any function
 * runs; the slowest first publish measured is under two seconds.
 */
const PUBLISH_DEADLINE_MS = 20_000;

/** Calls under way at once in a fan-out: as many as Google's front end takes on one connection. */
const FAN_OUT_WIDTH = 100;

/** The client's own deadline should come first: what it throws says more. */
const CLIENT_GRACE_MS = 500;

/** What the client throws: the gRPC code. */
const failureSchema = z.object({ code: z.number() });
const PERMISSION_DENIED = 7;

const TOPIC_NAME = /^projects\/[^/]+\/topics\/[^/]+$/;

/** One Pub/Sub topic. Every call resolves only once the broker has the messages. Throws `publish-failed`. */
export interface TopicPublisher {
  publish(message: TopicMessage): Promise<void>;
  /** As `publishMany`, a bounded number at once. */
  publishMany(messages: Iterable<TopicMessage>): Promise<number>;
}

export interface TopicsOptions {
  /** `HOST:PORT` of an emulator, spoken to without TLS and without credentials. */
  readonly emulatorHost?: string;
  readonly deadlineMs?: number;
}

/** Topics by their full name, over one client. */
export interface Topics {
  /** Throws `bad-config` unless `name` is `projects/<project>/topics/<topic>`. Connects with the first message. */
  publisher(name: string): TopicPublisher;
  /** Loads and makes the client, so that the first message need not wait for it. */
  connect(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The only door to the Pub/Sub client, which is loaded when the first message is published. Google's generated client:
 * `Topic.publishMessage` over it costs twice the CPU for each message (docs/adr/0044-one-call-for-many-messages.md).
 *
 * @example
 * const topics = createTopics();
 * await topics.publisher('projects/p/topics/countersign-status').publish(message);
 */
export function createTopics({
  emulatorHost,
  deadlineMs = PUBLISH_DEADLINE_MS,
}: TopicsOptions = {}): Topics {
  const opened: v1.PublisherClient[] = [];
  // A client keeps a failure to get credentials for good: the next message has a new one.
  const connect = once(async () => {
    const { connectPublisher } = await import('./pubsub-client.ts');
    const client = connectPublisher(emulatorHost);
    await client.initialize();
    opened.push(client);
    return client;
  });
  return {
    publisher(topic) {
      if (!TOPIC_NAME.test(topic)) {
        const message = `Topic ${JSON.stringify(topic)} is not projects/<project>/topics/<topic>`;
        throw new CountersignError('bad-config', message);
      }
      const send = async (messages: readonly TopicMessage[]): Promise<void> =>
        publishOnce(connect, { topic, messages, deadlineMs });
      const sendTogether = createBatches(send);
      const inOrder = createSerial();
      // Google forbids messages of several ordering keys in one call.
      const publish = (message: TopicMessage): Promise<void> =>
        message.orderingKey === undefined
          ? sendTogether(message)
          : inOrder(message.orderingKey, () => send([message]));
      return {
        publish,
        publishMany: (messages) => publishMany(messages, { publish, width: FAN_OUT_WIDTH }),
      };
    },
    async connect() {
      await connect();
    },
    async close() {
      for (const client of opened) await client.close();
    },
  };
}

async function publishOnce(
  connect: () => Promise<v1.PublisherClient>,
  {
    topic,
    messages,
    deadlineMs,
  }: {
    readonly topic: string;
    readonly messages: readonly TopicMessage[];
    readonly deadlineMs: number;
  },
): Promise<void> {
  const sent = messages.map(({ data, attributes, orderingKey }) =>
    defined({ data, attributes: { ...attributes }, orderingKey }),
  );
  try {
    await within(
      deadlineMs + CLIENT_GRACE_MS,
      async () => (await connect()).publish({ topic, messages: sent }, { timeout: deadlineMs }),
      () => {
        throw new Error(`No answer within ${deadlineMs} ms`);
      },
    );
  } catch (cause) {
    const problem = `Topic ${topic} did not take a message${fixOf(cause)}`;
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
  messages: Iterable<TopicMessage>,
  { publish, width }: { publish: (message: TopicMessage) => Promise<void>; width: number },
): Promise<number> {
  const failures: CountersignError[] = [];
  let published = 0;
  // One for all: what is taken from it nothing else takes.
  const source = takeEach(messages);
  async function publishNext(): Promise<void> {
    for (const message of source) {
      try {
        await publish(message);
        published += 1;
      } catch (error) {
        failures.push(toFailure(error));
      }
      // Leaving the loop closes the source.
      if (failures.length > 0) return;
    }
  }
  await Promise.all(Array.from({ length: width }, publishNext));
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return published;
}

function* takeEach<Item>(items: Iterable<Item>): Generator<Item, void> {
  yield* items;
}
