import type { Delivery } from './backlog.ts';
import type { Draft } from './message.ts';
import { parseResourceName } from './resource-name.ts';

export interface DeadLetterPolicy {
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
