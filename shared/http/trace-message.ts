import type { Span, Tracing } from '#shared/core/tracing.ts';
import type { Message } from './envelope.ts';
import { parseTraceparent } from './trace.ts';

/**
 * Runs `work` as the step of receiving `message`: part of its publisher's trace where it has one, and linked to the
 * request that brought it. Attributes are OpenTelemetry's for messaging.
 */
export function traceMessage<Result>(
  message: Message,
  tracing: Tracing,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const { traceparent = '', subscription, messageId, orderingKey, deliveryAttempt } = message;
  const publisher = parseTraceparent(traceparent);
  const name = subscription?.split('/').at(-1);
  const options = {
    kind: 'consumer',
    link: publisher === undefined ? undefined : tracing.current(),
    attributes: {
      'messaging.system': 'gcp_pubsub',
      'messaging.operation.type': 'process',
      'messaging.destination.subscription.name': name,
      'messaging.message.id': messageId,
      'messaging.gcp_pubsub.message.ordering_key': orderingKey,
      'messaging.gcp_pubsub.message.delivery_attempt': deliveryAttempt,
    },
  } as const;
  return tracing.within(publisher, () => tracing.span('receive message', options, work));
}
