import { type Call, type Fields, ok, refusal, type Reply } from './model.ts';

/** Pub/Sub's messages: published on topics, pulled from subscriptions that push nowhere. */
export interface Pubsub {
  /** Messages by topic, `projects/p/topics/t`, as they were sent. */
  readonly published: ReadonlyMap<string, readonly Fields[]>;
  /** Undefined: the call is of another API, or like all others. */
  handle(call: Call): Reply | undefined;
}

export function createPubsub(resources: ReadonlyMap<string, Fields>, now: () => number): Pubsub {
  const published = new Map<string, readonly Fields[]>();
  /** By `SUBSCRIPTION/INDEX`, which is also the id to acknowledge by. */
  const taken = new Set<string>();

  const ways: Readonly<Record<string, (call: Call) => Reply>> = {
    'pubsub.projects.topics.publish': ({ name, body }) => {
      if (!resources.has(`pubsub/${name}`))
        return refusal(404, 'NOT_FOUND', `Resource not found (resource=${name}).`);
      const { messages } = Object(body);
      const before = published.get(name) ?? [];
      published.set(name, [...before, ...messages]);
      return ok({
        messageIds: messages.map((_: unknown, i: number) => String(before.length + i + 1)),
      });
    },
    'pubsub.projects.topics.subscriptions.list': ({ name }) => {
      const topic = name.replace(/\/subscriptions$/, '');
      const subscriptions = [...resources]
        .filter(
          ([key, one]) =>
            /^pubsub\/[^/]+\/[^/]+\/subscriptions\//.test(key) && one['topic'] === topic,
        )
        .map(([, one]) => one['name']);
      return ok({ subscriptions });
    },
    'pubsub.projects.subscriptions.pull': ({ name, body }) => {
      const topic = String(resources.get(`pubsub/${name}`)?.['topic']);
      const receivedMessages = (published.get(topic) ?? [])
        .map((message, i) => ({
          ackId: `${name}/${i}`,
          message: {
            ...message,
            messageId: String(i + 1),
            publishTime: new Date(now()).toISOString(),
          },
        }))
        .filter(({ ackId }) => !taken.has(ackId))
        .slice(0, Object(body).maxMessages);
      // Leased: they do not come again until they are handed back.
      for (const { ackId } of receivedMessages) taken.add(ackId);
      return ok({ receivedMessages });
    },
    'pubsub.projects.subscriptions.acknowledge': () => ok({}),
    'pubsub.projects.subscriptions.modifyAckDeadline': ({ body }) => {
      const { ackIds, ackDeadlineSeconds } = Object(body);
      if (ackDeadlineSeconds === 0) for (const id of ackIds) taken.delete(id);
      return ok({});
    },
  };
  return { published, handle: (call) => ways[call.method]?.(call) };
}
