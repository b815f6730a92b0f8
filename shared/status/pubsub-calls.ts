import type { protos } from '@google-cloud/pubsub';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { toLine } from '#shared/net/google-rest.ts';
import { once } from '#shared/net/single-flight.ts';
import type { TopicMessage } from './encode.ts';
import type { PubsubClients } from './pubsub-client.ts';
import { parsePubsubName } from './pubsub-names.ts';

export interface PulledMessage {
  readonly ackId: string;
  readonly messageId: string;
  /** ISO 8601. */
  readonly publishTime: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
  readonly orderingKey?: string;
}

export interface SubscriptionFacts {
  readonly topic: string;
  /** A client pulls from it: it neither pushes nor writes elsewhere. */
  readonly pulled: boolean;
}

/** Pub/Sub for commands that take messages one by one. Throws `bad-config`, and `publish-failed` for all else. */
export interface PubsubCalls {
  subscriptionsOf(topic: string): Promise<readonly string[]>;
  /** Undefined where there is none. */
  subscription(name: string): Promise<SubscriptionFacts | undefined>;
  /** What is there now, at most `max`; Pub/Sub may have more, even if this is nothing. */
  pull(subscription: string, max: number): Promise<readonly PulledMessage[]>;
  acknowledge(subscription: string, ackIds: readonly string[]): Promise<void>;
  /** Keeps messages from others so long; 0 hands them back. */
  lease(subscription: string, ackIds: readonly string[], seconds: number): Promise<void>;
  /** Resolves with the message id once the broker has it. */
  publish(topic: string, message: TopicMessage): Promise<string>;
  close(): Promise<void>;
}

/** One attempt of one call: a command is run again, and must end in time. */
const CALL = { timeout: 20_000, retry: { retryCodes: [] } };

/** A message as the client decodes it, from anyone who may publish. */
const messageSchema = z.object({
  ackId: z.string(),
  message: z.object({
    data: z.instanceof(Uint8Array),
    attributes: z.record(z.string(), z.string()),
    messageId: z.string(),
    publishTime: z.object({ seconds: z.coerce.number(), nanos: z.number() }),
    orderingKey: z.string(),
  }),
});

/** What the client throws: the gRPC code, and what Pub/Sub answered. */
const failureSchema = z.object({ code: z.number(), details: z.string().catch('') });
const NOT_FOUND = 5;
/** UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN: no answer of Pub/Sub. */
const UNANSWERED: readonly number[] = [1, 2, 4, 14];
const PERMISSION_DENIED = 7;

/** What a call takes that infra/terraform grants operators (docs/iam.md). */
const GRANTS = {
  find: 'grant roles/pubsub.viewer on the project',
  take: 'grant roles/pubsub.subscriber on it',
  publish: 'grant roles/pubsub.publisher on it',
} as const;

/**
 * The calls that a command makes a few times, over Google's own clients, which are loaded with the first of them.
 *
 * @example
 * const pubsub = createPubsubCalls({ emulatorHost: '127.0.0.1:8085' });
 * const messages = await pubsub.pull('projects/acme/subscriptions/countersign-dead-letters-pull', 100);
 */
export function createPubsubCalls(options: { readonly emulatorHost?: string } = {}): PubsubCalls {
  let opened = false;
  const clients = once(async () => {
    opened = true;
    const { connectCalls } = await import('./pubsub-client.ts');
    return connectCalls(options.emulatorHost);
  });

  async function call<T>(
    name: string,
    grant: keyof typeof GRANTS,
    work: (clients: PubsubClients) => Promise<T>,
  ): Promise<T> {
    // Some names come from messages; none may lead the call elsewhere.
    if (parsePubsubName(name) === undefined) {
      const message = `${JSON.stringify(name)} is not a topic or subscription`;
      throw new CountersignError('bad-config', message);
    }
    try {
      return await work(await clients());
    } catch (cause) {
      throw failureOf(name, cause, GRANTS[grant]);
    }
  }

  return {
    subscriptionsOf: (topic) =>
      call(topic, 'find', async ({ publisher }) => {
        const [names] = await publisher.listTopicSubscriptions({ topic }, CALL);
        return names;
      }),
    async subscription(subscription) {
      try {
        return await call(subscription, 'find', async ({ subscriber }) => {
          const [found] = await subscriber.getSubscription({ subscription }, CALL);
          return { topic: found.topic ?? '', pulled: isPulled(found) };
        });
      } catch (error) {
        if (error instanceof CountersignError && codeOf(error.cause) === NOT_FOUND)
          return undefined;
        throw error;
      }
    },
    pull: (subscription, maxMessages) =>
      call(subscription, 'take', async ({ subscriber }) => {
        // Otherwise an empty subscription would answer after a minute and a half.
        const request = { subscription, maxMessages, returnImmediately: true };
        const [{ receivedMessages }] = await subscriber.pull(request, CALL);
        return (receivedMessages ?? []).map(readMessage);
      }),
    async acknowledge(subscription, ackIds) {
      const request = { subscription, ackIds: [...ackIds] };
      await call(subscription, 'take', ({ subscriber }) => subscriber.acknowledge(request, CALL));
    },
    async lease(subscription, ackIds, ackDeadlineSeconds) {
      if (ackIds.length === 0) return;
      const request = { subscription, ackIds: [...ackIds], ackDeadlineSeconds };
      await call(subscription, 'take', ({ subscriber }) =>
        subscriber.modifyAckDeadline(request, CALL),
      );
    },
    publish: (topic, { data, attributes, orderingKey }) =>
      call(topic, 'publish', async ({ publisher }) => {
        const message = defined({ data, attributes: { ...attributes }, orderingKey });
        const [{ messageIds }] = await publisher.publish({ topic, messages: [message] }, CALL);
        return messageIds?.[0] ?? '';
      }),
    async close() {
      if (!opened) return;
      const { subscriber, publisher } = await clients();
      await Promise.all([subscriber.close(), publisher.close()]);
    },
  };
}

function isPulled(found: protos.google.pubsub.v1.ISubscription): boolean {
  const { pushConfig, bigqueryConfig, cloudStorageConfig } = found;
  return !pushConfig?.pushEndpoint && !bigqueryConfig && !cloudStorageConfig;
}

function readMessage(received: protos.google.pubsub.v1.IReceivedMessage): PulledMessage {
  const { ackId, message } = messageSchema.parse(received);
  const { messageId, attributes, data, orderingKey } = message;
  const { seconds, nanos } = message.publishTime;
  const publishTime = new Date(seconds * 1_000 + Math.floor(nanos / 1e6)).toISOString();
  return defined({
    ackId,
    messageId,
    publishTime,
    attributes,
    data,
    orderingKey: orderingKey || undefined,
  });
}

function codeOf(cause: unknown): number | undefined {
  return failureSchema.safeParse(cause).data?.code;
}

/** Why a call failed, and where a grant, an API or another name helps, that. */
function failureOf(name: string, cause: unknown, grant: string): CountersignError {
  const { data } = failureSchema.safeParse(cause);
  if (data === undefined || UNANSWERED.includes(data.code)) {
    const message = `Pub/Sub cannot be asked about ${name}`;
    return new CountersignError('publish-failed', message, { cause });
  }
  const message = `Pub/Sub refused ${name} (gRPC code ${data.code}): ${toLine(data.details)}`;
  const fix = {
    [NOT_FOUND]: 'create it, or fix the name',
    [PERMISSION_DENIED]: disabledApiFix(cause) ?? grant,
  }[data.code];
  return fix === undefined
    ? new CountersignError('publish-failed', message, { cause })
    : new CountersignError('bad-config', `${message}; ${fix}`, { cause });
}
