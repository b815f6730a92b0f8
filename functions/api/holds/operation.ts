import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { MAX_REASON } from '../limits.ts';
import {
  answerOf,
  answersOf,
  bodyOf,
  ClusterName,
  Cursor,
  IdempotencyHeaders,
  ImageName,
  NoQuery,
  PageLimit,
  pageOf,
  SyncName,
  Time,
  flag,
} from '../schema.ts';

export const HoldsQuery = z.strictObject({
  image: ImageName.optional(),
  cluster: ClusterName.optional(),
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

export type HoldsQuery = z.infer<typeof HoldsQuery>;

const HoldView = z
  .object({
    cluster: z.string(),
    sync: z.string(),
    image: z.string().optional().describe('What it follows; absent where nothing is, or not known'),
    state: z
      .enum(['on', 'ordered', 'lifting'])
      .describe(
        'on: it stands on the RSync; ordered: it does not yet, and holds all the same; lifting: it still holds, until a look at the cluster has taken it away',
      ),
    text: z.string().describe('The annotation as it stands, or is to stand'),
    by: z.string().optional().describe('As it says; absent where it cannot be read'),
    reason: z.string().optional(),
    until: Time.optional().describe('Until when it is meant; it holds until it is lifted'),
    isOver: z.boolean().describe('That time is over, or it cannot be read: it holds all the same'),
    since: Time.optional().describe('When it was first seen there, or was ordered'),
  })
  .meta({ id: 'Hold' });

export const HoldPage = z
  .object({
    holds: z.array(HoldView).describe('In order of cluster and RSync'),
    unread: z
      .array(z.string())
      .optional()
      .describe(
        'Clusters of this page whose ordered holds cannot be read: nothing new reaches them until their record is repaired or removed',
      ),
    next: z.string().optional().describe('Cursor of the next page; absent: this is the last'),
  })
  .meta({ id: 'HoldPage' });

export const HoldsOrdered = z
  .object({
    dryRun: z.boolean(),
    cluster: z.string().describe('Its full name'),
    syncs: z
      .array(z.object({ sync: z.string(), before: z.string().optional().describe('Its hold') }))
      .describe('RSyncs whose hold changes: none where all is as it was asked for already'),
    asked: z.boolean().describe('The cluster answered; else its RSyncs are those of the snapshot'),
  })
  .meta({ id: 'HoldsOrdered' });

export type HoldView = z.infer<typeof HoldView>;
export type HoldPage = z.infer<typeof HoldPage>;
export type HoldsOrdered = z.infer<typeof HoldsOrdered>;

const Reason = z
  .string()
  .max(MAX_REASON)
  .regex(/\S/, 'must say why')
  .meta({ description: 'Why; on the RSync, and published with your name', example: 'INC-7' });

const HoldBody = z
  .strictObject({
    reason: Reason,
    until: Time.optional().meta({
      description: 'Until when it is meant: it is shown as over then, and holds on',
    }),
    dryRun: z.boolean().optional().meta({ description: 'Only say what would change' }),
  })
  .meta({ id: 'HoldRequest' });

const LiftQuery = z.strictObject({
  reason: Reason,
  dryRun: flag('Only say what would change').optional(),
});

const ClusterPath = z.object({ cluster: ClusterName });
const SyncPath = z.object({ cluster: ClusterName, sync: SyncName });

const HOLD = {
  method: 'put',
  summary: 'Keep new digests away',
  description:
    'Recorded at once, and honoured by every look from then on; written on the RSyncs by the next look at the cluster, which is asked for. What is approved stays approved.',
} as const;

const LIFT = {
  method: 'delete',
  summary: 'Let new digests in again',
  description:
    'The present holds, by hand or by the API; a later one stays. They apply until a look at the cluster has removed them; the cluster is tasked.',
} as const;

const done = answersOf({ 200: answerOf(HoldsOrdered, 'What changes') });

export const holdsRoute = createRoute({
  method: 'get',
  path: '/v1/holds',
  operationId: 'listHolds',
  summary: 'RSyncs that are held',
  description: 'From the snapshot and what was ordered since, without a call to any cluster.',
  request: { query: HoldsQuery },
  responses: answersOf({
    200: pageOf(HoldPage, 'A page of holds'),
  }),
});

export const holdSyncRoute = createRoute({
  ...HOLD,
  path: '/v1/holds/{cluster}/{sync}',
  operationId: 'holdSync',
  request: {
    params: SyncPath,
    query: NoQuery,
    headers: IdempotencyHeaders,
    body: bodyOf(HoldBody),
  },
  responses: done,
});

export const holdClusterRoute = createRoute({
  ...HOLD,
  summary: 'Keep new digests away from all RSyncs that a cluster has now',
  path: '/v1/holds/{cluster}',
  operationId: 'holdCluster',
  request: {
    params: ClusterPath,
    query: NoQuery,
    headers: IdempotencyHeaders,
    body: bodyOf(HoldBody),
  },
  responses: done,
});

export const liftSyncRoute = createRoute({
  ...LIFT,
  path: '/v1/holds/{cluster}/{sync}',
  operationId: 'liftSync',
  request: { params: SyncPath, headers: IdempotencyHeaders, query: LiftQuery },
  responses: done,
});

export const liftClusterRoute = createRoute({
  ...LIFT,
  summary: 'Let new digests in again to all RSyncs of a cluster',
  path: '/v1/holds/{cluster}',
  operationId: 'liftCluster',
  request: { params: ClusterPath, headers: IdempotencyHeaders, query: LiftQuery },
  responses: done,
});
