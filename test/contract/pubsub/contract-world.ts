import { PubSub } from '@google-cloud/pubsub';
import * as z from 'zod';
import type { Capability, PubsubContract } from './suite.ts';
import { startEndpoint } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';

/** A REST answer: its status, and its body where it is a JSON object. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

const received = z.object({
  ackId: z.string(),
  deliveryAttempt: z.number().optional(),
  message: z.object({
    data: z.string().optional(),
    attributes: z.record(z.string(), z.string()).optional(),
    messageId: z.string(),
    publishTime: z.string(),
    orderingKey: z.string().optional(),
  }),
});

/** A message as REST's pull shows it. */
export type Received = z.output<typeof received>;

const publishResponse = z.object({ messageIds: z.array(z.string()) });
const pullResponse = z.object({ receivedMessages: z.array(received).default([]) });

/** Everything a case needs: the service under test, its real client, and an endpoint to push to. */
export interface World {
  has(capability: Capability): boolean;
  client: PubSub;
  endpoint: Endpoint;
  rest(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A new topic; its full name. */
  topic(): Promise<string>;
  /** A new subscription of it; its full name. */
  subscription(topic: string, settings?: object): Promise<string>;
  publish(topic: string, ...messages: object[]): Promise<string[]>;
  /** One unary pull that waits for a first message; retried while it answers with none. */
  pull(subscription: string, max?: number): Promise<Received[]>;
  ack(subscription: string, taken: readonly Received[]): Promise<Answer>;
  modify(subscription: string, taken: readonly Received[], seconds: number): Promise<Answer>;
  close(): Promise<void>;
}

export const PROJECT = 'projects/local';

/** Fast, and the emulator's own minimum: it retries after a second at the soonest. */
export const QUICK_RETRY = { minimumBackoff: '0.1s', maximumBackoff: '1s' };

let serial = 0;

/** A resource id that no other case uses. */
export function uniqueId(kind: string): string {
  serial += 1;
  return `${kind}-${process.pid}-${serial}`;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** Starts the service under test and what looks at it from outside. */
export async function openWorld(contract: PubsubContract): Promise<World> {
  const service = await contract.start();
  const endpoint = await startEndpoint();
  const client = new PubSub({
    projectId: 'local',
    apiEndpoint: service.host,
    emulatorMode: true,
  });

  async function rest(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`http://${service.host}/v1/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : {} };
  }

  async function must(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await rest(method, path, body);
    if (answer.status === 200) return answer.body;
    throw new Error(`${method} ${path} answered ${JSON.stringify(answer)}`);
  }

  return {
    has: (capability) => contract.capabilities.has(capability),
    client,
    endpoint,
    rest,
    async topic() {
      const name = `${PROJECT}/topics/${uniqueId('topic')}`;
      await must('PUT', name, {});
      return name;
    },
    async subscription(topic, settings = {}) {
      const name = `${PROJECT}/subscriptions/${uniqueId('sub')}`;
      await must('PUT', name, { topic, ...settings });
      return name;
    },
    async publish(topic, ...messages) {
      const body = await must('POST', `${topic}:publish`, { messages });
      return publishResponse.parse(body).messageIds;
    },
    async pull(subscription, max = 1) {
      for (;;) {
        const body = await must('POST', `${subscription}:pull`, { maxMessages: max });
        const { receivedMessages } = pullResponse.parse(body);
        if (receivedMessages.length > 0) return receivedMessages;
      }
    },
    ack: (subscription, taken) =>
      rest('POST', `${subscription}:acknowledge`, { ackIds: ackIdsOf(taken) }),
    modify: (subscription, taken, seconds) =>
      rest('POST', `${subscription}:modifyAckDeadline`, {
        ackIds: ackIdsOf(taken),
        ackDeadlineSeconds: seconds,
      }),
    async close() {
      await client.close();
      await service.close();
      await endpoint.close();
    },
  };
}

function ackIdsOf(taken: readonly Received[]): string[] {
  return taken.map(({ ackId }) => ackId);
}
