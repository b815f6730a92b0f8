import * as z from 'zod';

/** A message as a pull returns it. */
export interface Received {
  readonly ackId: string;
  readonly messageId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: Buffer;
}

/** One project of Pub/Sub by plain REST: the embedded one and Google's emulator alike. */
export interface PubsubRest {
  topicName(id: string): string;
  /** A topic that is there is kept. */
  createTopic(id: string): Promise<void>;
  /** A subscription that is there is replaced: another world's endpoints are not ours. */
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

const pulled = z.object({
  receivedMessages: z
    .array(
      z.object({
        ackId: z.string(),
        message: z.object({
          messageId: z.string(),
          attributes: z.record(z.string(), z.string()).default({}),
          data: z.base64().default(''),
        }),
      }),
    )
    .default([]),
});

/** `host` is what PUBSUB_EMULATOR_HOST holds. */
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
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
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
      const message = { data: Buffer.from(JSON.stringify(data)).toString('base64') };
      await call('POST', `topics/${topic}:publish`, { messages: [message] });
    },
    async pull(subscription, signal) {
      const body = { maxMessages: MAX_MESSAGES };
      const answer = await call('POST', `subscriptions/${subscription}:pull`, body, { signal });
      return pulled.parse(answer).receivedMessages.map(({ ackId, message }) => ({
        ackId,
        ...message,
        data: Buffer.from(message.data, 'base64'),
      }));
    },
    async acknowledge(subscription, ackIds) {
      await call('POST', `subscriptions/${subscription}:acknowledge`, { ackIds });
    },
  };
}
