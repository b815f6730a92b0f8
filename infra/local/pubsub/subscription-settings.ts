import type { Delivery } from './backlog.ts';
import { PubsubError } from './pubsub-error.ts';
import { type Draft, parseName, type SubscriptionSettings } from './schema.ts';

/** Push without a retry policy backs off between these two. */
const PUSH_BACKOFF = { minimumBackoff: 100, maximumBackoff: 60_000 } as const;

/** Keeps a retry policy with a minimum of zero from spinning. Own. */
const BACKOFF_FLOOR = 10;

/** What a topic's subscriptions show as their topic once it is deleted. */
export const DELETED_TOPIC = '_deleted-topic_';

/** What UpdateSubscription may change; the rest is fixed at creation, as in the real service. */
const MUTABLE: ReadonlySet<string> = new Set<keyof SubscriptionSettings>([
  'pushConfig',
  'ackDeadlineSeconds',
  'messageRetentionDuration',
  'labels',
  'deadLetterPolicy',
  'retryPolicy',
  'expirationPolicy',
]);

/** The settings in place with the fields of an update mask taken from new ones, which may be empty otherwise. */
export function applyUpdate(
  current: SubscriptionSettings,
  update: SubscriptionSettings,
  mask: readonly string[],
): SubscriptionSettings {
  const fields = mask.map((path) => path.split('.')[0] ?? '');
  if (fields.length === 0) throw new PubsubError('INVALID_ARGUMENT', 'updateMask is empty');
  const fixed = fields.find((field) => !MUTABLE.has(field));
  if (fixed !== undefined) {
    throw new PubsubError('INVALID_ARGUMENT', `${fixed} cannot be changed after creation`);
  }
  const changes = Object.entries(update).filter(([field]) => fields.includes(field));
  return { ...current, ...Object.fromEntries(changes) };
}

type RetryPolicy = NonNullable<SubscriptionSettings['retryPolicy']>;

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
  if (!policy && mode === 'pull') return 0;
  return exponentialBackoff(policy ?? PUSH_BACKOFF, attempt);
}

/** Whether a delivery that just failed has used up its attempts. */
export function isExhausted(
  policy: SubscriptionSettings['deadLetterPolicy'],
  delivery: Delivery,
): boolean {
  return policy !== undefined && delivery.attempts >= policy.maxDeliveryAttempts;
}

/** The copy that goes to the dead-letter topic: the message, and where it comes from. */
export function toDeadLetter(subscription: string, delivery: Delivery): Draft {
  const { project, id } = parseName('subscriptions', subscription);
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
