import type * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import type { Lease } from './backlog.ts';
import type { Broker, Topic } from './broker.ts';
import { parseName, parseRequest, requests, type SubscriptionSettings } from './schema.ts';
import { applyUpdate } from './subscription-settings.ts';

/** Names in one page of a list, unless the caller asks for fewer. Own. */
const PAGE_SIZE = 1_000;

/** A unary call: the request as its transport read it, the response as its codec writes it. */
export type Call = (request: unknown, signal: AbortSignal) => object | Promise<object>;

function call<T extends z.ZodType>(
  schema: T,
  run: (request: z.output<T>, signal: AbortSignal) => object | Promise<object>,
): Call {
  return (request, signal) => run(parseRequest(schema, request), signal);
}

/**
 * google.pubsub.v1's unary methods over one broker, by name. What is missing here is UNIMPLEMENTED.
 *
 * @example const { Publish } = createCalls(broker, jsonCodec);
 */
export function createCalls(broker: Broker, codec: Codec): Readonly<Record<string, Call>> {
  const show = (settings: SubscriptionSettings): object => encodeSubscription(settings, codec);
  return {
    CreateTopic: call(requests.topic, (topic) => encodeTopic(broker.createTopic(topic))),
    GetTopic: call(requests.byTopic, ({ topic }) => encodeTopic(broker.topic(topic))),
    ListTopics: call(requests.byProject, ({ project, ...page }) =>
      listPage('topics', namesIn(project, broker.topics), page, (name) =>
        encodeTopic(broker.topic(name)),
      ),
    ),
    ListTopicSubscriptions: call(requests.listTopicSubscriptions, ({ topic, ...page }) => {
      const all = broker.subscriptionsOf(broker.topic(topic).name);
      const names = all.map((one) => one.settings().name);
      return listPage('subscriptions', names, page, (name) => name);
    }),
    DeleteTopic: call(requests.byTopic, ({ topic }) => {
      broker.deleteTopic(topic);
      return {};
    }),
    Publish: call(requests.publish, ({ topic, messages }) => ({
      messageIds: broker.publish(topic, messages),
    })),
    CreateSubscription: call(requests.subscription, (settings) =>
      show(broker.createSubscription(settings).settings()),
    ),
    GetSubscription: call(requests.bySubscription, ({ subscription }) =>
      show(broker.subscription(subscription).settings()),
    ),
    ListSubscriptions: call(requests.byProject, ({ project, ...page }) =>
      listPage('subscriptions', namesIn(project, broker.subscriptions), page, (name) =>
        show(broker.subscription(name).settings()),
      ),
    ),
    UpdateSubscription: call(requests.updateSubscription, async ({ subscription, updateMask }) => {
      const current = broker.subscription(subscription.name).settings();
      const next = applyUpdate(current, subscription, updateMask);
      await broker.changeSubscription(next);
      return show(next);
    }),
    ModifyPushConfig: call(requests.modifyPushConfig, async ({ subscription, pushConfig }) => {
      const current = broker.subscription(subscription).settings();
      await broker.changeSubscription({ ...current, pushConfig });
      return {};
    }),
    DeleteSubscription: call(requests.bySubscription, async ({ subscription }) => {
      await broker.deleteSubscription(subscription);
      return {};
    }),
    Pull: call(requests.pull, async (request, signal) => {
      const subscription = broker.subscription(request.subscription);
      const { maxMessages: max, returnImmediately: immediately } = request;
      const leases = await subscription.pull({ max, immediately, signal });
      const settings = subscription.settings();
      const receivedMessages = leases.map((lease) => encodeLease(lease, settings, codec));
      return defined({ receivedMessages: unlessEmpty(receivedMessages) });
    }),
    Acknowledge: call(requests.acknowledge, ({ subscription, ackIds }) => {
      broker.subscription(subscription).acknowledge(ackIds);
      return {};
    }),
    ModifyAckDeadline: call(requests.modifyAckDeadline, (request) => {
      const { subscription, ackIds, ackDeadlineSeconds } = request;
      broker.subscription(subscription).modifyAckDeadline(ackIds, ackDeadlineSeconds);
      return {};
    }),
  };
}

function namesIn(project: string, all: ReadonlyMap<string, unknown>): string[] {
  const prefix = `projects/${parseName('projects', project).project}/`;
  return [...all.keys()].filter((name) => name.startsWith(prefix));
}

/** One page in order of name; the token is the last name of the page before. */
function listPage(
  field: string,
  names: readonly string[],
  page: { pageSize: number; pageToken: string },
  show: (name: string) => unknown,
): object {
  const rest = names.toSorted().filter((name) => name > page.pageToken);
  const shown = rest.slice(0, Math.min(page.pageSize || PAGE_SIZE, PAGE_SIZE));
  const nextPageToken = rest.length > shown.length ? shown.at(-1) : undefined;
  return defined({ [field]: unlessEmpty(shown.map(show)), nextPageToken });
}

// Empty fields are left out, as in proto3.
function unlessEmpty<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined;
}

function encodeTopic({ name, labels }: Topic): object {
  return defined({ name, labels: unlessEmpty(labels) });
}

/** A subscription, its defaults filled in. */
function encodeSubscription(settings: SubscriptionSettings, codec: Codec): object {
  const { expirationPolicy, retryPolicy } = settings;
  const duration = (milliseconds: number | undefined): unknown =>
    milliseconds === undefined ? undefined : codec.duration(milliseconds);
  return defined({
    name: settings.name,
    topic: settings.topic,
    pushConfig: settings.pushConfig ?? {},
    ackDeadlineSeconds: settings.ackDeadlineSeconds,
    messageRetentionDuration: duration(settings.messageRetentionDuration),
    state: 'ACTIVE',
    labels: unlessEmpty(settings.labels),
    enableMessageOrdering: settings.enableMessageOrdering || undefined,
    filter: settings.filter || undefined,
    deadLetterPolicy: settings.deadLetterPolicy,
    retryPolicy: retryPolicy && {
      minimumBackoff: duration(retryPolicy.minimumBackoff),
      maximumBackoff: duration(retryPolicy.maximumBackoff),
    },
    expirationPolicy: expirationPolicy && defined({ ttl: duration(expirationPolicy.ttl) }),
  });
}

/** A leased message; the attempt is shown only where a dead-letter policy counts them. */
export function encodeLease(lease: Lease, settings: SubscriptionSettings, codec: Codec): object {
  const { attributes, data, messageId, orderingKey, publishTime } = lease.message;
  return defined({
    ackId: lease.ackId,
    message: defined({
      data: data.byteLength > 0 ? codec.bytes(data) : undefined,
      attributes: unlessEmpty(attributes),
      messageId,
      publishTime: codec.timestamp(publishTime),
      orderingKey: orderingKey || undefined,
    }),
    deliveryAttempt: settings.deadLetterPolicy && lease.attempt,
  });
}

/** How the few types that gRPC and JSON write differently are written. Times in milliseconds. */
interface Codec {
  duration(milliseconds: number): unknown;
  timestamp(milliseconds: number): unknown;
  bytes(data: Uint8Array): unknown;
}

/** google.protobuf.Duration and Timestamp, which have the same two fields. */
function split(milliseconds: number): { seconds: number; nanos: number } {
  const seconds = Math.floor(milliseconds / 1_000);
  return { seconds, nanos: (milliseconds - seconds * 1_000) * 1_000_000 };
}

/** Objects as proto-loader serialises them. */
export const grpcCodec: Codec = { duration: split, timestamp: split, bytes: (data) => data };

/** proto3 JSON. */
export const jsonCodec: Codec = {
  duration: (milliseconds) =>
    `${(milliseconds / 1_000).toFixed(milliseconds % 1_000 === 0 ? 0 : 3)}s`,
  timestamp: (milliseconds) => new Date(milliseconds).toISOString(),
  bytes: (data) => Buffer.from(data).toString('base64'),
};
