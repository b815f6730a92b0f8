import type { Lease } from './backlog.ts';
import type { Codec } from './codec.ts';
import type { Topic } from './engine.ts';
import type { SubscriptionSettings } from './subscription-settings.ts';

/** A topic as both transports show it. Empty fields are left out, as in proto3. */
export function encodeTopic(topic: Topic): object {
  const labelled = Object.keys(topic.labels).length > 0;
  return { name: topic.name, ...(labelled && { labels: topic.labels }) };
}

/** A subscription, its defaults filled in. */
export function encodeSubscription(settings: SubscriptionSettings, codec: Codec): object {
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

/** A leased message; the attempt is told only where a dead-letter policy counts them. */
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
