import type { Clock } from './backlog.ts';
import { PubsubError } from './pubsub-error.ts';
import { createPushClient } from './push.ts';
import { type Draft, parseName, type SubscriptionSettings } from './schema.ts';
import { DELETED_TOPIC } from './subscription-settings.ts';
import { openSubscription, type MintToken, type Subscription } from './subscription.ts';

export interface Topic {
  name: string;
  labels: Record<string, string>;
}

/** The service itself: topics, subscriptions, and what is between them. Knows no transport. */
export interface Broker {
  createTopic(topic: Topic): Topic;
  topic(name: string): Topic;
  topics: ReadonlyMap<string, Topic>;
  deleteTopic(name: string): void;
  /** The message ids, in the order of the drafts; all of them are taken or none. */
  publish(topic: string, drafts: readonly Draft[]): string[];
  createSubscription(settings: SubscriptionSettings): Subscription;
  subscription(name: string): Subscription;
  subscriptions: ReadonlyMap<string, Subscription>;
  subscriptionsOf(topic: string): Subscription[];
  changeSubscription(settings: SubscriptionSettings): Promise<void>;
  deleteSubscription(name: string): Promise<void>;
  /** Ends every delivery, stream and timer. */
  close(): Promise<void>;
}

interface BrokerDeps {
  clock: Clock;
  mintToken?: MintToken | undefined;
}

/** Room for a thousand messages each millisecond, so that ids never repeat after a restart. */
const IDS_PER_MILLISECOND = 1_000;

/**
 * An empty Pub/Sub, in memory.
 *
 * @example const broker = createBroker({ clock: systemClock });
 */
export function createBroker(deps: BrokerDeps): Broker {
  const topics = new Map<string, Topic>();
  const subscriptions = new Map<string, Subscription>();
  const client = createPushClient();
  let lastId = deps.clock.now() * IDS_PER_MILLISECOND;

  function topic(name: string): Topic {
    parseName('topics', name);
    const found = topics.get(name);
    if (!found) throw new PubsubError('NOT_FOUND', `Topic not found (topic=${name})`);
    return found;
  }

  function subscription(name: string): Subscription {
    parseName('subscriptions', name);
    const found = subscriptions.get(name);
    if (!found) {
      throw new PubsubError('NOT_FOUND', `Subscription does not exist (subscription=${name})`);
    }
    return found;
  }

  function subscriptionsOf(name: string): Subscription[] {
    return [...subscriptions.values()].filter((one) => one.settings().topic === name);
  }

  function distribute(name: string, draft: Draft): string {
    lastId += 1;
    const message = { ...draft, messageId: String(lastId), publishTime: deps.clock.now() };
    for (const one of subscriptionsOf(name)) one.offer(message);
    return message.messageId;
  }

  /** A dead letter is not checked again: its four attributes may exceed what publishers may set. */
  function forward(name: string, draft: Draft): boolean {
    if (!topics.has(name)) return false;
    distribute(name, draft);
    return true;
  }

  function checkDeadLetterTopic({ deadLetterPolicy }: SubscriptionSettings): void {
    if (deadLetterPolicy) topic(deadLetterPolicy.deadLetterTopic);
  }

  return {
    createTopic(created) {
      parseName('topics', created.name);
      if (topics.has(created.name)) throw new PubsubError('ALREADY_EXISTS', 'Topic already exists');
      topics.set(created.name, created);
      return created;
    },
    topics,
    topic,
    deleteTopic(name) {
      topics.delete(topic(name).name);
      // Its subscriptions live on with what they hold, as in the real service.
      for (const one of subscriptionsOf(name)) {
        void one.change({ ...one.settings(), topic: DELETED_TOPIC });
      }
    },
    publish(name, drafts) {
      topic(name);
      return drafts.map((draft) => distribute(name, draft));
    },
    createSubscription(settings) {
      parseName('subscriptions', settings.name);
      if (subscriptions.has(settings.name)) {
        throw new PubsubError('ALREADY_EXISTS', 'Subscription already exists');
      }
      topic(settings.topic);
      checkDeadLetterTopic(settings);
      const opened = openSubscription(settings, { ...deps, client, forward });
      subscriptions.set(settings.name, opened);
      return opened;
    },
    subscriptions,
    subscription,
    subscriptionsOf,
    async changeSubscription(settings) {
      checkDeadLetterTopic(settings);
      await subscription(settings.name).change(settings);
    },
    async deleteSubscription(name) {
      const gone = subscription(name);
      subscriptions.delete(name);
      await gone.close(new PubsubError('NOT_FOUND', 'Subscription does not exist'));
    },
    async close() {
      const reason = new PubsubError('UNAVAILABLE', 'Pub/Sub is stopping');
      const open = [...subscriptions.values()];
      subscriptions.clear();
      await Promise.all(open.map((one) => one.close(reason)));
      client.close();
    },
  };
}
