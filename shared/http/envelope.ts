import { createHash } from 'node:crypto';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { checkShape, parseJson } from './read-json.ts';
import { parseTraceparent, TRACE_ATTRIBUTES } from './trace.ts';

/** One Pub/Sub message, whichever way it was delivered. Everything in it is a claim of its sender. */
export interface Message {
  readonly messageId: string;
  /** When the message was published; where the delivery does not say, when it arrived. */
  readonly publishTime: Date;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey?: string;
  readonly deliveryAttempt?: number;
  readonly subscription?: string;
  readonly data: Uint8Array;
  /** Of the publisher, from the message itself; not that of this request. */
  readonly traceparent?: string;
}

export interface Delivery {
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

/** What Pub/Sub puts around a message; both spellings of each name are sent at once. Sender: Pub/Sub, or anyone. */
const PushMessage = z.object({
  data: z.base64('is not base64').nullish(),
  attributes: z.record(z.string(), z.string()).nullish(),
  messageId: z.string().min(1).optional(),
  message_id: z.string().min(1).optional(),
  publishTime: z.iso.datetime({ offset: true }).optional(),
  publish_time: z.iso.datetime({ offset: true }).optional(),
  orderingKey: z.string().optional(),
});

const PushEnvelope = z.object({
  message: PushMessage,
  subscription: z.string().optional(),
  /** Only with a dead-letter policy. */
  deliveryAttempt: z.number().int().positive().optional(),
});

/** CloudEvents 1.0, JSON format section 3: the whole event is the body. */
const StructuredCloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  type: z.string(),
  time: z.iso.datetime({ offset: true }).optional(),
  traceparent: z.string().optional(),
  data: z.unknown().optional(),
  data_base64: z.base64('is not base64').optional(),
});

/** The only Eventarc type that wraps a Pub/Sub message. */
const MESSAGE_PUBLISHED = 'google.cloud.pubsub.topic.v1.messagePublished';
/** An unwrapped message's attributes are headers, and `traceparent` is the one of the request. */
const [PUBLISHERS_TRACE] = TRACE_ATTRIBUTES;
const STRUCTURED = /^application\/cloudevents\+json(?:;|$)/i;

/**
 * The message in a request of a push subscription: wrapped, unwrapped with or without metadata, or an Eventarc
 * CloudEvent in binary or structured mode. Throws `bad-request` naming the field that cannot be read.
 */
export function readEnvelope(delivery: Delivery): Message {
  const { headers, body } = delivery;
  if (headers.has('x-goog-pubsub-message-id')) return readUnwrapped(delivery);
  if (STRUCTURED.test(headers.get('content-type') ?? '')) return readStructured(delivery);
  const binary = headers.has('ce-specversion');
  if (binary) requireMessagePublished(headers.get('ce-type') ?? '', 'ce-type');
  const value = parseJson(body, 'body');
  if (!binary && !isWrapped(value)) return readBare(delivery);
  return readWrapped(value, {
    time: delivery.receivedAt,
    id: headers.get('ce-id'),
    traceparent: headers.get('ce-traceparent'),
  });
}

/** `no_wrapper` with `write_metadata`. Attributes arrive among all other headers, so none is believed to be one. */
function readUnwrapped({ headers, body, receivedAt }: Delivery): Message {
  const attempt = Number(headers.get('x-goog-pubsub-delivery-attempt') ?? Number.NaN);
  const published = headers.get('x-goog-pubsub-publish-time');
  const publishTime = published === null ? receivedAt : new Date(published);
  if (Number.isNaN(publishTime.getTime())) {
    throw new CountersignError('bad-request', 'x-goog-pubsub-publish-time: is not a time');
  }
  return {
    messageId: headers.get('x-goog-pubsub-message-id') ?? '',
    publishTime,
    attributes: {},
    data: body,
    ...defined({
      traceparent: firstTrace(headers.get(PUBLISHERS_TRACE)),
      orderingKey: headers.get('x-goog-pubsub-ordering-key') || undefined,
      subscription: headers.get('x-goog-pubsub-subscription-name') || undefined,
      deliveryAttempt: Number.isInteger(attempt) && attempt > 0 ? attempt : undefined,
    }),
  };
}

/** `no_wrapper` alone: nothing but the data, so its hash must do for an id. */
function readBare({ body, receivedAt }: Delivery): Message {
  const hash = createHash('sha256').update(body).digest('hex');
  return { messageId: `body-${hash}`, publishTime: receivedAt, attributes: {}, data: body };
}

function readStructured({ body, receivedAt }: Delivery): Message {
  const event = checkShape(StructuredCloudEvent, parseJson(body, 'body'), 'body');
  requireMessagePublished(event.type, 'body.type');
  const value =
    event.data_base64 === undefined
      ? event.data
      : parseJson(Buffer.from(event.data_base64, 'base64'), 'body.data_base64');
  const { id, time = receivedAt, traceparent } = event;
  return readWrapped(value, { id, time: new Date(time), traceparent });
}

/** `event` is what the CloudEvent around the message says, for what the message itself does not. */
function readWrapped(
  value: unknown,
  event: { time: Date; id: string | null; traceparent: string | null | undefined },
): Message {
  const { message, subscription, deliveryAttempt } = checkShape(PushEnvelope, value, 'body');
  const messageId = message.messageId ?? message.message_id ?? event.id;
  if (messageId === null) {
    throw new CountersignError('bad-request', 'body.message.messageId: is missing');
  }
  const { publishTime = message.publish_time } = message;
  const attributes = message.attributes ?? {};
  const traces = TRACE_ATTRIBUTES.map((name) => attributes[name]);
  return {
    messageId,
    publishTime: publishTime === undefined ? event.time : new Date(publishTime),
    attributes,
    data: Buffer.from(message.data ?? '', 'base64'),
    ...defined({
      orderingKey: message.orderingKey || undefined,
      deliveryAttempt,
      subscription,
      traceparent: firstTrace(...traces, event.traceparent),
    }),
  };
}

function isWrapped(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  return 'message' in value || 'subscription' in value;
}

function requireMessagePublished(type: string, field: string): void {
  if (type === MESSAGE_PUBLISHED) return;
  throw new CountersignError('bad-request', `${field}: is not ${MESSAGE_PUBLISHED}`);
}

/** The first value of a `traceparent` that can be read. */
function firstTrace(...values: readonly (string | null | undefined)[]): string | undefined {
  return values.find((value) => parseTraceparent(value ?? '') !== undefined) ?? undefined;
}
