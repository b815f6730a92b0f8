import * as z from 'zod';

/** What Pub/Sub puts around a message; both spellings of each name are sent at once. Sender: Pub/Sub, or anyone. */
const Attributes = z.record(z.string(), z.string());

export const PushMessage = z.object({
  data: z.base64('is not base64').nullish(),
  attributes: Attributes.nullish(),
  messageId: z.string().min(1).optional(),
  message_id: z.string().min(1).optional(),
  publishTime: z.iso.datetime({ offset: true }).optional(),
  publish_time: z.iso.datetime({ offset: true }).optional(),
  orderingKey: z.string().optional(),
});

export const PushEnvelope = z.object({
  message: PushMessage,
  subscription: z.string().optional(),
  /** Only with a dead-letter policy. */
  deliveryAttempt: z.number().int().positive().optional(),
});

export type PushEnvelope = z.infer<typeof PushEnvelope>;

/** CloudEvents 1.0, JSON format section 3: the whole event is the body. */
export const StructuredCloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  type: z.string(),
  time: z.iso.datetime({ offset: true }).optional(),
  traceparent: z.string().optional(),
  data: z.unknown().optional(),
  data_base64: z.base64('is not base64').optional(),
});
