import type * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import type { TopicMessage } from './encode.ts';
import { parsePubsubName } from './pubsub-names.ts';
import {
  NoAnswer,
  PublishAnswer,
  PullAnswer,
  Refusal,
  SubscriptionAnswer,
  TopicSubscriptions,
} from './pubsub-rest-schema.ts';

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
  /** Somebody pulls from it: it neither pushes nor writes elsewhere. */
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

/** The token goes here and nowhere else (DESIGN section 2, law 9). */
const ENDPOINT = 'https://pubsub.googleapis.com';
const TIMEOUT_MS = 20_000;
/** Pub/Sub's own largest answer to a pull, in base64, is below this. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Plain REST, for what a command does a few times: the client library only knows streams of messages. */
export function createPubsubRest(deps: PubsubRestDeps): PubsubRest {
  async function call<T>(
    schema: z.ZodType<T>,
    name: string,
    suffix: string,
    body?: object,
  ): Promise<T> {
    const answer = await ask(name, suffix, body, deps);
    if (answer.status !== 200) throw refused(name, answer);
    return read(schema, name, answer.text);
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
      const answer = await ask(name, '', undefined, deps);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refused(name, answer);
      const found = read(SubscriptionAnswer, name, answer.text);
      const elsewhere = [found.bigqueryConfig, found.cloudStorageConfig].some(Boolean);
      return { topic: found.topic, pulled: found.pushConfig.pushEndpoint === '' && !elsewhere };
    },
    async pull(name, maxMessages) {
      // Otherwise an empty subscription would answer after a minute and a half.
      const body = { maxMessages, returnImmediately: true };
      const { receivedMessages } = await call(PullAnswer, name, ':pull', body);
      return receivedMessages.map(({ ackId, message: { orderingKey = '', data, ...rest } }) => ({
        ackId,
        ...rest,
        data: Buffer.from(data, 'base64'),
        ...(orderingKey === '' ? {} : { orderingKey }),
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
      const message = {
        data: Buffer.from(data).toString('base64'),
        attributes,
        ...(orderingKey === undefined ? {} : { orderingKey }),
      };
      const answer = await call(PublishAnswer, topic, ':publish', { messages: [message] });
      return answer.messageIds[0] ?? '';
    },
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(
  name: string,
  suffix: string,
  body: object | undefined,
  { fetch, googleToken, emulatorHost }: PubsubRestDeps,
): Promise<Answer> {
  // Some names come from messages; none may lead the token, or the call, elsewhere.
  if (parsePubsubName(name) === undefined) {
    throw new CountersignError('bad-config', `${JSON.stringify(name)} is no topic or subscription`);
  }
  const base = emulatorHost === undefined ? ENDPOINT : `http://${emulatorHost}`;
  try {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (emulatorHost === undefined) headers['authorization'] = `Bearer ${await googleToken()}`;
    const answer = await fetch(`${base}/v1/${name}${suffix}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    return { status: answer.status, text: await readText(answer) };
  } catch (cause) {
    throw new CountersignError('publish-failed', `Pub/Sub cannot be asked about ${name}`, {
      cause,
    });
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new Error(`Answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function read<T>(schema: z.ZodType<T>, name: string, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `Pub/Sub answered about ${name} in an unknown form`;
    throw new CountersignError('publish-failed', message, { cause });
  }
}

function refused(name: string, { status, text }: Answer): CountersignError {
  const { message: said = 'no reason given', status: code = '' } = readRefusal(text) ?? {};
  const message = `Pub/Sub refused ${name} (${status} ${code}): ${said}`;
  if (status === 404)
    return new CountersignError('bad-config', `${message}; create it, or fix the name`);
  if (status === 403) {
    const fix = 'grant roles/pubsub.subscriber and roles/pubsub.viewer, or roles/pubsub.publisher';
    return new CountersignError('bad-config', `${message}; ${fix} on it`);
  }
  return new CountersignError('publish-failed', message);
}

function readRefusal(text: string): { message: string; status: string } | undefined {
  try {
    return Refusal.safeParse(JSON.parse(text)).data?.error;
  } catch {
    return undefined;
  }
}
