import * as z from 'zod';

/** Answers of Pub/Sub's REST API, v1. Sender: Google, or an emulator; the messages are from whoever may publish. */
export const PullAnswer = z.object({
  receivedMessages: z
    .array(
      z.object({
        ackId: z.string(),
        message: z.object({
          data: z.base64().default(''),
          attributes: z.record(z.string(), z.string()).default({}),
          messageId: z.string(),
          publishTime: z.iso.datetime({ offset: true }),
          orderingKey: z.string().optional(),
        }),
      }),
    )
    .default([]),
});

export const TopicSubscriptions = z.object({
  subscriptions: z.array(z.string()).default([]),
  nextPageToken: z.string().default(''),
});

export const SubscriptionAnswer = z.object({
  topic: z.string(),
  pushConfig: z.object({ pushEndpoint: z.string().default('') }).default({ pushEndpoint: '' }),
  bigqueryConfig: z.unknown().optional(),
  cloudStorageConfig: z.unknown().optional(),
});

export const PublishAnswer = z.object({ messageIds: z.array(z.string()).min(1) });

export const NoAnswer = z.object({});

/** AIP-193. */
export const Refusal = z.object({ error: z.object({ message: z.string(), status: z.string() }) });
