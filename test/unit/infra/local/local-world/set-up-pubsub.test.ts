import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningPubsub, startPubsub } from '#infra/local/pubsub/start-pubsub.ts';
import {
  openPubsub,
  type PubsubRest,
  createTopics,
  subscribeFunctions,
  unsubscribeAll,
} from '#infra/local/local-world/pubsub.ts';
import { ANSWERED_MS } from '#test/patience.ts';

const FUNCTIONS = new Map([
  ['push', { url: 'http://127.0.0.1:1' }],
  ['cluster', { url: 'http://127.0.0.1:2' }],
  ['history', { url: 'http://127.0.0.1:3' }],
] as const);

const listSchema = z.object({ subscriptions: z.array(z.looseObject({ name: z.string() })) });

let embedded: RunningPubsub;
let pubsub: PubsubRest;

beforeEach(async () => {
  embedded = await startPubsub({ port: 0 });
  pubsub = openPubsub(embedded.host, 'local');
});
afterEach(() => embedded?.close());

async function list(kind: 'topics' | 'subscriptions'): Promise<unknown> {
  const response = await fetch(`http://${embedded.host}/v1/projects/local/${kind}`);
  return response.json();
}

/** A push subscription as the contract has it. */
function pushing(topic: string, to: string, endpoint: string): Record<string, unknown> {
  return {
    name: `projects/local/subscriptions/${topic}-${to}`,
    topic: `projects/local/topics/${topic}`,
    pushConfig: { pushEndpoint: endpoint },
    ackDeadlineSeconds: 60,
    retryPolicy: { minimumBackoff: '1s', maximumBackoff: '10s' },
    deadLetterPolicy: {
      deadLetterTopic: 'projects/local/topics/countersign-dead-letters',
      maxDeliveryAttempts: 20,
    },
  };
}

describe('createTopics()', () => {
  it('creates every topic of the contract, and what people read', async () => {
    await createTopics(pubsub);
    const topic = (id: string) => ({ name: `projects/local/topics/${id}` });
    expect(await list('topics')).toEqual({
      topics: [
        topic('countersign-dead-letters'),
        topic('countersign-resync-tasks'),
        topic('countersign-status'),
        topic('countersign-sweep-tasks'),
        topic('countersign-tasks'),
        topic('gcr'),
      ],
    });
    const reading = (id: string) => ({
      name: `projects/local/subscriptions/${id}-local`,
      topic: `projects/local/topics/${id}`,
      pushConfig: {},
    });
    expect(await list('subscriptions')).toMatchObject({
      subscriptions: [reading('countersign-dead-letters'), reading('countersign-status')],
    });
  });

  it('does no harm where an emulator has them already', async () => {
    await createTopics(pubsub);
    await createTopics(pubsub);
    expect(await list('subscriptions')).toMatchObject({ subscriptions: { length: 2 } });
  });
});

describe('subscribeFunctions()', () => {
  it('pushes each topic to its function, tasks in order', async () => {
    await createTopics(pubsub);
    await subscribeFunctions(pubsub, FUNCTIONS);
    const ordered = { enableMessageOrdering: true };
    const tasks = (topic: string, path: string) => ({
      ...pushing(topic, 'cluster', `http://127.0.0.1:2${path}`),
      ...ordered,
    });
    const { subscriptions } = listSchema.parse(await list('subscriptions'));
    const pushed = subscriptions.filter(({ name }) => !name.endsWith('-local'));
    expect(pushed).toEqual(
      [
        tasks('countersign-resync-tasks', '/resync-tasks'),
        pushing('countersign-status', 'history', 'http://127.0.0.1:3/events'),
        tasks('countersign-sweep-tasks', '/sweep-tasks'),
        tasks('countersign-tasks', '/tasks'),
        pushing('gcr', 'push', 'http://127.0.0.1:1/'),
      ].map((expected) => expect.objectContaining(expected)),
    );
    expect(pushed[4]).not.toHaveProperty('enableMessageOrdering');
  });

  it('takes the place of an earlier world', async () => {
    await createTopics(pubsub);
    await subscribeFunctions(pubsub, FUNCTIONS);
    await subscribeFunctions(
      pubsub,
      new Map([...FUNCTIONS, ['push', { url: 'http://127.0.0.1:9' }]]),
    );
    const response = await fetch(
      `http://${embedded.host}/v1/projects/local/subscriptions/gcr-push`,
    );
    expect(await response.json()).toMatchObject({
      pushConfig: { pushEndpoint: 'http://127.0.0.1:9/' },
    });
  });
});

describe('unsubscribeAll()', () => {
  it('leaves no subscription behind, and may be called again', async () => {
    await createTopics(pubsub);
    await subscribeFunctions(pubsub, FUNCTIONS);
    await unsubscribeAll(pubsub);
    await unsubscribeAll(pubsub);
    expect(await list('subscriptions')).toEqual({});
  });
});

describe('openPubsub()', () => {
  it('publishes JSON, pulls it, and acknowledges it', async () => {
    await createTopics(pubsub);
    await pubsub.publish('countersign-status', { hello: 1 });
    const signal = AbortSignal.timeout(ANSWERED_MS);
    const [message] = await pubsub.pull('countersign-status-local', signal);
    expect(message?.data.toString()).toBe('{"hello":1}');
    await pubsub.acknowledge('countersign-status-local', [message?.ackId ?? '']);
  });

  it('says what Pub/Sub answered', async () => {
    await expect(pubsub.publish('absent', {})).rejects.toThrow(
      'Pub/Sub answered 404 to POST topics/absent:publish',
    );
  });
});
