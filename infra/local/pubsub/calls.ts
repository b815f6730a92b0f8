import type { Lease } from './backlog.ts';
import type { Broker, Topic } from './broker.ts';
import { parseRequest, requests } from './schema.ts';
import {
  applyUpdate,
  toPushTarget,
  toSettings,
  type SubscriptionSettings,
} from './subscription-settings.ts';

/** A unary call: the request as its transport read it, the response as its codec writes it. */
export type Call = (request: unknown, signal: AbortSignal) => object | Promise<object>;

type TopicMethod = 'CreateTopic' | 'GetTopic' | 'ListTopics' | 'DeleteTopic';
type PublisherMethod = TopicMethod | 'ListTopicSubscriptions' | 'Publish';
type SettingsMethod = `${'Create' | 'Get' | 'Update' | 'Delete'}Subscription` | 'ModifyPushConfig';
type DeliveryMethod = 'Pull' | 'Acknowledge' | 'ModifyAckDeadline';

interface Calls {
  publisher: Readonly<Record<PublisherMethod, Call>>;
  subscriber: Readonly<Record<SettingsMethod | 'ListSubscriptions' | DeliveryMethod, Call>>;
}

/**
 * google.pubsub.v1's unary methods over one broker. What is missing here is UNIMPLEMENTED.
 *
 * @example const { publisher, subscriber } = createCalls(broker, jsonCodec);
 */
export function createCalls(broker: Broker, codec: Codec): Calls {
  return {
    publisher: publisherCalls(broker),
    subscriber: { ...subscriptionCalls(broker, codec), ...deliveryCalls(broker, codec) },
  };
}

function publisherCalls(broker: Broker) {
  return {
    CreateTopic: (request: unknown) =>
      encodeTopic(broker.createTopic(parseRequest(requests.topic, request))),
    GetTopic: (request: unknown) => {
      return encodeTopic(broker.topic(parseRequest(requests.byTopic, request).topic));
    },
    ListTopics: (request: unknown) => {
      const { project, ...page } = parseRequest(requests.listTopics, request);
      const { items, nextPageToken } = broker.listTopics(project, page);
      return listed('topics', items.map(encodeTopic), nextPageToken);
    },
    ListTopicSubscriptions: (request: unknown) => {
      const { topic, ...page } = parseRequest(requests.listTopicSubscriptions, request);
      const { items, nextPageToken } = broker.listTopicSubscriptions(topic, page);
      return listed('subscriptions', items, nextPageToken);
    },
    DeleteTopic: (request: unknown) => {
      broker.deleteTopic(parseRequest(requests.byTopic, request).topic);
      return {};
    },
    Publish: (request: unknown) => {
      const { topic, messages } = parseRequest(requests.publish, request);
      return { messageIds: broker.publish(topic, messages) };
    },
  };
}

function subscriptionCalls(broker: Broker, codec: Codec) {
  return {
    CreateSubscription: (request: unknown) => {
      const settings = toSettings(parseRequest(requests.subscription, request));
      return encodeSubscription(broker.createSubscription(settings).settings(), codec);
    },
    GetSubscription: (request: unknown) => {
      const { subscription } = parseRequest(requests.bySubscription, request);
      return encodeSubscription(broker.subscription(subscription).settings(), codec);
    },
    ListSubscriptions: (request: unknown) => {
      const { project, ...page } = parseRequest(requests.listSubscriptions, request);
      const { items, nextPageToken } = broker.listSubscriptions(project, page);
      const shown = items.map((settings) => encodeSubscription(settings, codec));
      return listed('subscriptions', shown, nextPageToken);
    },
    UpdateSubscription: async (request: unknown) => {
      const { subscription, updateMask } = parseRequest(requests.updateSubscription, request);
      const current = broker.subscription(subscription.name).settings();
      // The mask decides what is read: the rest of the update may well be empty.
      const update = toSettings({ ...subscription, topic: current.topic });
      const next = applyUpdate(current, update, updateMask);
      await broker.changeSubscription(next);
      return encodeSubscription(next, codec);
    },
    ModifyPushConfig: async (request: unknown) => {
      const { subscription, pushConfig } = parseRequest(requests.modifyPushConfig, request);
      const current = broker.subscription(subscription).settings();
      await broker.changeSubscription({ ...current, push: toPushTarget(pushConfig) });
      return {};
    },
    DeleteSubscription: async (request: unknown) => {
      const { subscription } = parseRequest(requests.bySubscription, request);
      await broker.deleteSubscription(subscription);
      return {};
    },
  };
}

function deliveryCalls(broker: Broker, codec: Codec) {
  return {
    Pull: async (request: unknown, signal: AbortSignal) => {
      const parsed = parseRequest(requests.pull, request);
      const subscription = broker.subscription(parsed.subscription);
      const leases = await subscription.pull({
        max: parsed.maxMessages,
        immediately: parsed.returnImmediately,
        signal,
      });
      const settings = subscription.settings();
      if (leases.length === 0) return {};
      return { receivedMessages: leases.map((lease) => encodeLease(lease, settings, codec)) };
    },
    Acknowledge: (request: unknown) => {
      const { subscription, ackIds } = parseRequest(requests.acknowledge, request);
      broker.subscription(subscription).acknowledge(ackIds);
      return {};
    },
    ModifyAckDeadline: (request: unknown) => {
      const parsed = parseRequest(requests.modifyAckDeadline, request);
      const subscription = broker.subscription(parsed.subscription);
      subscription.modifyAckDeadline(parsed.ackIds, parsed.ackDeadlineSeconds);
      return {};
    },
  };
}

function listed(field: string, items: unknown[], nextPageToken: string): object {
  return {
    ...(items.length > 0 && { [field]: items }),
    ...(nextPageToken !== '' && { nextPageToken }),
  };
}

/** A topic as both transports show it. Empty fields are left out, as in proto3. */
function encodeTopic(topic: Topic): object {
  const labelled = Object.keys(topic.labels).length > 0;
  return { name: topic.name, ...(labelled && { labels: topic.labels }) };
}

/** A subscription, its defaults filled in. */
function encodeSubscription(settings: SubscriptionSettings, codec: Codec): object {
  const { deadLetterPolicy, expiration, filter, labels, push, retryPolicy } = settings;
  return {
    name: settings.name,
    topic: settings.topic,
    pushConfig: push ?? {},
    ackDeadlineSeconds: settings.ackDeadlineSeconds,
    messageRetentionDuration: codec.duration(settings.messageRetention),
    state: 'ACTIVE',
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(settings.enableMessageOrdering && { enableMessageOrdering: true }),
    ...(filter !== '' && { filter }),
    ...(deadLetterPolicy && { deadLetterPolicy }),
    ...(retryPolicy && {
      retryPolicy: {
        minimumBackoff: codec.duration(retryPolicy.minimumBackoff),
        maximumBackoff: codec.duration(retryPolicy.maximumBackoff),
      },
    }),
    ...(expiration && {
      expirationPolicy: expiration.ttl === undefined ? {} : { ttl: codec.duration(expiration.ttl) },
    }),
  };
}

/** A leased message; the attempt is shown only where a dead-letter policy counts them. */
export function encodeLease(lease: Lease, settings: SubscriptionSettings, codec: Codec): object {
  const { attributes, data, messageId, orderingKey, publishTime } = lease.message;
  return {
    ackId: lease.ackId,
    message: {
      ...(data.byteLength > 0 && { data: codec.bytes(data) }),
      ...(Object.keys(attributes).length > 0 && { attributes }),
      messageId,
      publishTime: codec.timestamp(publishTime),
      ...(orderingKey !== '' && { orderingKey }),
    },
    ...(settings.deadLetterPolicy && { deliveryAttempt: lease.attempt }),
  };
}

/** How the few types that gRPC and JSON write differently are written. Times in milliseconds. */
interface Codec {
  duration(milliseconds: number): unknown;
  timestamp(milliseconds: number): unknown;
  bytes(data: Uint8Array): unknown;
}

const MILLI = 1_000;
const NANOS_PER_MILLI = 1_000_000;

/** google.protobuf.Duration and Timestamp, which have the same two fields. */
function split(milliseconds: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(milliseconds / MILLI);
  return { seconds, nanos: (milliseconds - seconds * MILLI) * NANOS_PER_MILLI };
}

/** Objects as proto-loader serialises them. */
export const grpcCodec: Codec = { duration: split, timestamp: split, bytes: (data) => data };

/** proto3 JSON. */
export const jsonCodec: Codec = {
  duration(milliseconds) {
    const fraction = milliseconds % MILLI;
    const whole = Math.floor(milliseconds / MILLI);
    return fraction === 0 ? `${whole}s` : `${whole}.${String(fraction).padStart(3, '0')}s`;
  },
  timestamp: (milliseconds) => new Date(milliseconds).toISOString(),
  bytes: (data) => Buffer.from(data).toString('base64'),
};
