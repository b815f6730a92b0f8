import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { MAX_NAME, MAX_SELECTOR } from '../limits.ts';
import {
  answerOf,
  answersOf,
  bodyOf,
  IdempotencyHeaders,
  ImageName,
  flag,
  NoQuery,
  Reason,
  Time,
} from '../schema.ts';

/** Unknown keys are refused: a misspelt `cluster` must not freeze the whole fleet. */
export const FreezeBody = z
  .strictObject({
    image: ImageName.optional(),
    clusters: z.string().regex(/\S/, 'must select something').max(MAX_SELECTOR).optional().meta({
      description: 'Label selector over memberships; without it all clusters',
      example: 'env = prod',
    }),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'When it ends by itself; without it when a person lifts it' }),
    reason: Reason,
    dryRun: z.boolean().optional().meta({ description: 'Only say what would be frozen' }),
  })
  .meta({ id: 'FreezeRequest', description: 'Without image and clusters, everything is frozen' });

export type FreezeBody = z.infer<typeof FreezeBody>;

const FreezeView = z
  .object({
    id: z.string().describe('What lifts it; `lost`: freezes were lost, and all is frozen'),
    image: z.string().optional().describe('`host/path` or `host/path:tag`; absent: all images'),
    clusters: z.string().optional().describe('Label selector; absent: all clusters'),
    by: z.string(),
    reason: z.string(),
    since: Time,
    until: Time.optional().describe('Absent: until a person lifts it'),
  })
  .meta({ id: 'Freeze' });

export type FreezeView = z.infer<typeof FreezeView>;

export const FreezeList = z
  .object({ freezes: z.array(FreezeView).describe('What people have frozen, oldest first') })
  .meta({ id: 'Freezes' });

export const FreezeAnswer = z
  .object({
    dryRun: z.boolean(),
    freeze: FreezeView,
    touched: z
      .object({
        clusters: z.int().min(0).describe('Clusters that it selects today'),
        syncs: z.int().min(0).describe('RSyncs in them that follow the image, as last seen'),
        waiting: z.int().min(0).describe('Of these, RSyncs that wait for the end of a freeze'),
      })
      .optional()
      .describe('Absent where the fleet could not be read'),
  })
  .meta({ id: 'FreezeDecided' });

export type FreezeAnswer = z.infer<typeof FreezeAnswer>;

export const freezesRoute = createRoute({
  method: 'get',
  path: '/v1/freezes',
  operationId: 'listFreezes',
  summary: 'What people have frozen',
  request: { query: NoQuery },
  responses: answersOf({ 200: answerOf(FreezeList, 'Every freeze that holds') }),
});

export const freezeRoute = createRoute({
  method: 'post',
  path: '/v1/freezes',
  operationId: 'freeze',
  summary: 'Approve nothing new, until this is lifted',
  description:
    'Holds for what push, sweep, resync, approve-ahead and roll-outs would approve. What is approved stays approved; ' +
    'withdrawals and ways back go through. Invokers may freeze.',
  request: { query: NoQuery, headers: IdempotencyHeaders, body: bodyOf(FreezeBody) },
  responses: answersOf({ 200: answerOf(FreezeAnswer, 'The freeze, and what it touches') }),
});

const FreezePath = z.object({
  id: z
    .string()
    .min(1)
    .max(MAX_NAME)
    .meta({ description: 'As `GET /v1/freezes` has it', example: 'f-1a2b3c4d' }),
});

/** A DELETE has no body that every front end passes on (RFC 9110, section 9.3.5). */
export const UnfreezeQuery = z.strictObject({
  reason: Reason,
  dryRun: flag('Only say what would go on').optional(),
});

export type UnfreezeQuery = z.infer<typeof UnfreezeQuery>;

export const unfreezeRoute = createRoute({
  method: 'delete',
  path: '/v1/freezes/{id}',
  operationId: 'unfreeze',
  summary: 'Lift a freeze, of another person as well',
  description: 'Published with your name. What waited is approved from the next sweep on.',
  request: { params: FreezePath, query: UnfreezeQuery },
  responses: answersOf({ 200: answerOf(FreezeAnswer, 'The freeze that was lifted') }),
});
