import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { askGoogle, GoogleFailure, trustsOrigin } from '#shared/net/google-rest.ts';
import type { TopicMessage } from './encode.ts';
import { parsePubsubName } from './pubsub-names.ts';

export interface PubsubRestDeps {
  readonly fetch: typeof fetch;
  /** An access token of our own identity that is valid now. */
  readonly googleToken: () => Promise<string>;
  /** `HOST:PORT` of an emulator, spoken to without TLS and without credentials. */
  readonly emulatorHost?: string;
}

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
export interface PubsubRest {
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
}

/** Answers of Pub/Sub's REST API, v1. Sender: Google, or an emulator; the messages are from anyone who may publish. */
const PullAnswer = z.object({
  receivedMessages: z
    .array(
      z.object({
        ackId: z.string(),
        message: z.object({
          data: z.base64().default(''),
          attributes: z.record(z.string(), z.string()).default({}),
          messageId: z.string(),
          publishTime: z.iso.datetime({ offset: true }),
          orderingKey: z.string().optional(),
        }),
      }),
    )
    .default([]),
});

const TopicSubscriptions = z.object({
  subscriptions: z.array(z.string()).default([]),
  nextPageToken: z.string().default(''),
});

const SubscriptionAnswer = z.object({
  topic: z.string(),
  pushConfig: z.object({ pushEndpoint: z.string().default('') }).default({ pushEndpoint: '' }),
  bigqueryConfig: z.unknown().optional(),
  cloudStorageConfig: z.unknown().optional(),
});

const PublishAnswer = z.object({ messageIds: z.array(z.string()).min(1) });

const NoAnswer = z.object({});

/** The token goes here and nowhere else. */
const ENDPOINT = 'https://pubsub.googleapis.com';
const TIMEOUT_MS = 20_000;
/** Pub/Sub's own largest answer to a pull, in base64, is below this. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * Pub/Sub by REST, for what a command does a few times: a dozen calls do not need the client library and its gRPC.
 *
 * @example
 * const pubsub = createPubsubRest({ fetch, googleToken });
 * const [first] = await pubsub.pull('projects/p/subscriptions/countersign-dead-letters', 1);
 */
export function createPubsubRest(deps: PubsubRestDeps): PubsubRest {
  const { fetch, googleToken, emulatorHost } = deps;
  const base = emulatorHost === undefined ? ENDPOINT : `http://${emulatorHost}`;
  const identity =
    emulatorHost === undefined ? { googleToken, trusts: trustsOrigin(ENDPOINT) } : undefined;

  async function call<T>(
    schema: z.ZodType<T>,
    name: string,
    suffix: string,
    body?: object,
  ): Promise<T> {
    // Some names come from messages; none may lead the token, or the call, elsewhere.
    if (parsePubsubName(name) === undefined) {
      const message = `${JSON.stringify(name)} is no topic or subscription`;
      throw new CountersignError('bad-config', message);
    }
    const url = new URL(`${base}/v1/${name}${suffix}`);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const request = { url, signal, maxBytes: MAX_ANSWER_BYTES, ...defined({ body }) };
    const answer = await askGoogle(request, { fetch, identity }).catch((cause: unknown) => {
      throw failureOf(name, cause);
    });
    const { data, error: cause } = schema.safeParse(answer);
    if (cause === undefined) return data;
    const message = `Pub/Sub answered about ${name} in an unknown form`;
    throw new CountersignError('publish-failed', message, { cause });
  }

  return {
    async subscriptionsOf(topic) {
      const names: string[] = [];
      for (let token = ''; ; ) {
        const page = token === '' ? '' : `?pageToken=${encodeURIComponent(token)}`;
        const answer = await call(TopicSubscriptions, topic, `/subscriptions${page}`);
        names.push(...answer.subscriptions);
        token = answer.nextPageToken;
        if (token === '') return names;
      }
    },
    async subscription(name) {
      const found = await call(SubscriptionAnswer, name, '').catch((error: unknown) => {
        if (!isAbsent(toFailure(error))) throw error;
      });
      if (found === undefined) return undefined;
      const elsewhere = [found.bigqueryConfig, found.cloudStorageConfig].some(Boolean);
      return { topic: found.topic, pulled: found.pushConfig.pushEndpoint === '' && !elsewhere };
    },
    async pull(name, maxMessages) {
      // Otherwise an empty subscription would answer after a minute and a half.
      const body = { maxMessages, returnImmediately: true };
      const { receivedMessages } = await call(PullAnswer, name, ':pull', body);
      return receivedMessages.map(({ ackId, message: { orderingKey, data, ...rest } }) => ({
        ackId,
        ...rest,
        data: Buffer.from(data, 'base64'),
        ...defined({ orderingKey: orderingKey || undefined }),
      }));
    },
    async acknowledge(name, ackIds) {
      await call(NoAnswer, name, ':acknowledge', { ackIds });
    },
    async lease(name, ackIds, seconds) {
      if (ackIds.length === 0) return;
      await call(NoAnswer, name, ':modifyAckDeadline', { ackIds, ackDeadlineSeconds: seconds });
    },
    async publish(topic, { data, attributes, orderingKey }) {
      const message = { data: Buffer.from(data).toString('base64'), attributes, orderingKey };
      const answer = await call(PublishAnswer, topic, ':publish', { messages: [message] });
      return answer.messageIds[0] ?? '';
    },
  };
}

function isAbsent({ cause }: CountersignError): boolean {
  return cause instanceof GoogleFailure && cause.httpStatus === 404;
}

/** Why a call failed, and where a grant or another name helps, that. */
function failureOf(name: string, cause: unknown): CountersignError {
  if (!(cause instanceof GoogleFailure) || cause.httpStatus === undefined) {
    const message = `Pub/Sub cannot be asked about ${name}`;
    return new CountersignError('publish-failed', message, { cause });
  }
  const { httpStatus, status = '', message: text } = cause;
  const reason = text.slice(text.indexOf(': ') + 2);
  const message = `Pub/Sub refused ${name} (${httpStatus} ${status}): ${reason}`;
  const fixes: Readonly<Record<number, string>> = {
    403: `${message}; grant roles/pubsub.subscriber and roles/pubsub.viewer, or roles/pubsub.publisher on it`,
    404: `${message}; create it, or fix the name`,
  };
  const fixed = fixes[httpStatus];
  return new CountersignError(
    fixed === undefined ? 'publish-failed' : 'bad-config',
    fixed ?? message,
    { cause },
  );
}
