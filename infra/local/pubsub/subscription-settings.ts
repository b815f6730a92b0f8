import type { Delivery } from './backlog.ts';
import {
  ACK_DEADLINE_SECONDS,
  DELIVERY_ATTEMPTS,
  RETRY_BACKOFF,
  BACKOFF_FLOOR,
  PUSH_BACKOFF,
} from './limits.ts';
import type { Draft } from './message.ts';
import { PubsubError } from './pubsub-error.ts';
import type { PushTarget } from './push.ts';
import { parseResourceName, type SubscriptionWire } from './schema.ts';

/** A subscription's settings, defaults filled in. Durations are milliseconds. */
export interface SubscriptionSettings {
  name: string;
  topic: string;
  /** Undefined: a pull subscription. */
  push: PushTarget | undefined;
  ackDeadlineSeconds: number;
  messageRetention: number;
  labels: Record<string, string>;
  enableMessageOrdering: boolean;
  filter: string;
  deadLetterPolicy: DeadLetterPolicy | undefined;
  retryPolicy: RetryPolicy | undefined;
  /** Kept and shown, never acted upon: nothing expires here. */
  expiration: { ttl: number | undefined } | undefined;
}

/** What a topic's subscriptions show as their topic once it is deleted. */
export const DELETED_TOPIC = '_deleted-topic_';

const DEFAULT_RETENTION = 7 * 24 * 3_600_000;

/** What UpdateSubscription may change; the rest is fixed at creation, as in the real service. */
const MUTABLE = {
  pushConfig: ['push'],
  ackDeadlineSeconds: ['ackDeadlineSeconds'],
  messageRetentionDuration: ['messageRetention'],
  labels: ['labels'],
  deadLetterPolicy: ['deadLetterPolicy'],
  retryPolicy: ['retryPolicy'],
  expirationPolicy: ['expiration'],
} as const satisfies Record<string, readonly (keyof SubscriptionSettings)[]>;

/** Settings from a request; INVALID_ARGUMENT or UNIMPLEMENTED name the field at fault. */
export function toSettings(wire: SubscriptionWire): SubscriptionSettings {
  parseResourceName('subscriptions', wire.name);
  if (wire.topic !== DELETED_TOPIC) parseResourceName('topics', wire.topic);
  refuseUnsupported(wire);
  return {
    name: wire.name,
    topic: wire.topic,
    push: toPushTarget(wire.pushConfig),
    ackDeadlineSeconds: toAckDeadline(wire.ackDeadlineSeconds),
    messageRetention: wire.messageRetentionDuration ?? DEFAULT_RETENTION,
    labels: wire.labels,
    enableMessageOrdering: wire.enableMessageOrdering,
    filter: wire.filter,
    deadLetterPolicy: wire.deadLetterPolicy && toDeadLetterPolicy(wire.deadLetterPolicy),
    retryPolicy: wire.retryPolicy && toRetryPolicy(wire.retryPolicy),
    expiration: wire.expirationPolicy && { ttl: wire.expirationPolicy.ttl },
  };
}

/** The settings in place with the fields of an update mask taken from new ones. */
export function applyUpdate(
  current: SubscriptionSettings,
  update: SubscriptionSettings,
  mask: readonly string[],
): SubscriptionSettings {
  if (mask.length === 0) throw invalid('updateMask is empty');
  const changed: Partial<SubscriptionSettings> = {};
  for (const path of mask) {
    const field = path.split('.')[0] ?? '';
    if (!isMutable(field)) throw invalid(`${field} cannot be changed after creation`);
    for (const key of MUTABLE[field]) Object.assign(changed, { [key]: update[key] });
  }
  return { ...current, ...changed };
}

function isMutable(field: string): field is keyof typeof MUTABLE {
  return Object.hasOwn(MUTABLE, field);
}

/** An empty endpoint means pull, whatever else the push config says. */
export function toPushTarget(wire: SubscriptionWire['pushConfig']): PushTarget | undefined {
  if (!wire || wire.pushEndpoint === '') return undefined;
  const url = URL.parse(wire.pushEndpoint);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw invalid('pushConfig.pushEndpoint is not an http or https URL');
  }
  return {
    pushEndpoint: wire.pushEndpoint,
    oidcToken: wire.oidcToken,
    noWrapper: wire.noWrapper,
  };
}

function toAckDeadline(seconds: number): number {
  const { min, max } = ACK_DEADLINE_SECONDS;
  if (seconds === 0) return ACK_DEADLINE_SECONDS.default;
  if (seconds < min || seconds > max) {
    throw invalid(`ackDeadlineSeconds is ${seconds}, not between ${min} and ${max}`);
  }
  return seconds;
}

function toDeadLetterPolicy(wire: NonNullable<SubscriptionWire['deadLetterPolicy']>) {
  parseResourceName('topics', wire.deadLetterTopic);
  const { min, max } = DELIVERY_ATTEMPTS;
  const attempts =
    wire.maxDeliveryAttempts === 0 ? DELIVERY_ATTEMPTS.default : wire.maxDeliveryAttempts;
  if (attempts < min || attempts > max) {
    throw invalid(`maxDeliveryAttempts is ${attempts}, not between ${min} and ${max}`);
  }
  return { deadLetterTopic: wire.deadLetterTopic, maxDeliveryAttempts: attempts };
}

function toRetryPolicy(wire: NonNullable<SubscriptionWire['retryPolicy']>): RetryPolicy {
  const minimumBackoff = wire.minimumBackoff ?? RETRY_BACKOFF.defaultMin;
  const maximumBackoff = wire.maximumBackoff ?? RETRY_BACKOFF.defaultMax;
  if (Math.max(minimumBackoff, maximumBackoff) > RETRY_BACKOFF.max) {
    throw invalid(`retryPolicy has a backoff above ${RETRY_BACKOFF.max / 1000}s`);
  }
  if (minimumBackoff > maximumBackoff) {
    throw invalid('retryPolicy.minimumBackoff is above retryPolicy.maximumBackoff');
  }
  return { minimumBackoff, maximumBackoff };
}

function refuseUnsupported(wire: SubscriptionWire): void {
  const unsupported = {
    bigqueryConfig: wire.bigqueryConfig,
    cloudStorageConfig: wire.cloudStorageConfig,
    bigtableConfig: wire.bigtableConfig,
    messageTransforms: wire.messageTransforms?.length,
    enableExactlyOnceDelivery: wire.enableExactlyOnceDelivery,
  };
  for (const [field, value] of Object.entries(unsupported)) {
    if (value) throw new PubsubError('UNIMPLEMENTED', `${field} is not supported here`);
  }
}

function invalid(reason: string): PubsubError {
  return new PubsubError('INVALID_ARGUMENT', reason);
}

/** Milliseconds; both ends inclusive. */
interface RetryPolicy {
  minimumBackoff: number;
  maximumBackoff: number;
}

/**
 * How long a message waits after its `attempt`th failed delivery (1 is the first): the minimum,
 * doubled each time, never more than the maximum. The real service adds jitter; a local world is
 * easier to follow without.
 */
export function exponentialBackoff(policy: RetryPolicy, attempt: number): number {
  const first = Math.max(policy.minimumBackoff, BACKOFF_FLOOR);
  const ceiling = Math.max(policy.maximumBackoff, BACKOFF_FLOOR);
  return Math.min(first * 2 ** (attempt - 1), ceiling);
}

/** Without a retry policy a pull subscription redelivers at once, a push one backs off. */
export function retryDelay(
  policy: RetryPolicy | undefined,
  mode: 'pull' | 'push',
  attempt: number,
): number {
  if (policy) return exponentialBackoff(policy, attempt);
  if (mode === 'pull') return 0;
  return exponentialBackoff(
    { minimumBackoff: PUSH_BACKOFF.min, maximumBackoff: PUSH_BACKOFF.max },
    attempt,
  );
}

interface DeadLetterPolicy {
  deadLetterTopic: string;
  maxDeliveryAttempts: number;
}

/** Whether a delivery that just failed has used up its attempts. */
export function isExhausted(policy: DeadLetterPolicy | undefined, delivery: Delivery): boolean {
  return policy !== undefined && delivery.attempts >= policy.maxDeliveryAttempts;
}

/** The copy that goes to the dead-letter topic: the message, and where it comes from. */
export function toDeadLetter(subscription: string, delivery: Delivery): Draft {
  const { project, id } = parseResourceName('subscriptions', subscription);
  const { data, attributes, orderingKey, publishTime } = delivery.message;
  return {
    data,
    orderingKey,
    attributes: {
      ...attributes,
      CloudPubSubDeadLetterSourceDeliveryCount: String(delivery.attempts),
      CloudPubSubDeadLetterSourceSubscription: id,
      CloudPubSubDeadLetterSourceSubscriptionProject: project,
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(publishTime).toISOString(),
    },
  };
}
