import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { MAX_NAME } from '../limits.ts';
import { answersOf, ClusterName, Cursor, ImageName, PageLimit, pageOf, Time } from '../schema.ts';

/** What is a time by its form; whether there is such a day is seen where it is read. */
const MOMENT =
  /^(?:[1-9][0-9]{0,5}[smhd]|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?)$/;

const Moment = z
  .string()
  .regex(MOMENT, 'must be a time of RFC 3339, a day, or how long ago: 90s, 15m, 12h, 7d')
  .meta({
    description: 'A time of RFC 3339, a day, or how long ago: 90s, 15m, 12h, 7d',
    example: '12h',
  });

export const HistoryRequest = z.strictObject({
  since: Moment.optional(),
  until: Moment.optional(),
  image: ImageName.optional(),
  cluster: ClusterName.optional(),
  actor: z
    .string()
    .min(1)
    .max(MAX_NAME)
    .optional()
    .meta({ description: 'Who asked or decided', example: 'ops@acme.example' }),
  type: z
    .string()
    .max(MAX_NAME)
    .regex(/^[a-z]+(?:[.-][a-z]+)*$/, 'must be a type of events, or its beginning')
    .optional()
    .meta({
      description:
        'A type of events, or its beginning up to a dot; sweep.completed only where it is named in full',
      example: 'rollout',
    }),
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

export type HistoryRequest = z.infer<typeof HistoryRequest>;

/** One event, as it was published; what most people look for has fields of its own. */
const HistoryEntry = z
  .object({
    id: z.string().describe('Its ce-id'),
    time: Time,
    type: z.string().describe('As in docs/events.md; a later version may have others'),
    severity: z.string(),
    image: z.string().optional(),
    digest: z.string().optional(),
    release: z.string().optional().describe('The version, where versions are followed'),
    cluster: z.string().optional(),
    sync: z.string().optional(),
    stage: z.string().optional().describe('Of its roll-out'),
    actor: z.string().optional().describe('Who asked or decided, where a person did'),
    reason: z.string().optional().describe('What that person wrote, or what led to it'),
    signer: z.string().optional().describe('Whose signatures verified'),
    revision: z.string().optional().describe('org.opencontainers.image.revision of the image'),
    source: z.string().optional().describe('org.opencontainers.image.source of the image'),
    message: z.string(),
    data: z
      .record(z.string(), z.unknown())
      .describe('All that the event says; without its lists where cut is true'),
    cut: z.literal(true).optional().describe('The event was too large to be kept whole'),
  })
  .meta({ id: 'HistoryEntry' });

export type HistoryEntry = z.infer<typeof HistoryEntry>;

export const HistoryPage = z
  .object({
    events: z.array(HistoryEntry).describe('The newest first'),
    days: z.int().describe('For how many days events are kept'),
    next: z
      .string()
      .optional()
      .describe('Cursor of the next page, which may be there although this one is empty'),
  })
  .meta({ id: 'HistoryPage' });

export type HistoryPage = z.infer<typeof HistoryPage>;

export const historyRoute = createRoute({
  method: 'get',
  path: '/v1/history',
  operationId: 'listHistory',
  summary: 'What was approved, withdrawn, rolled out and decided, by whom and why',
  description:
    'From the recorded status events, each once, without a call to any cluster. An event is there some seconds after it was published, in its place by time. 422 where the config keeps no history.',
  request: { query: HistoryRequest },
  responses: answersOf({
    200: pageOf(HistoryPage, 'A page of events'),
  }),
});
