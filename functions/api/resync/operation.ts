import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { PHASES } from '#shared/core/phase.ts';
import { MAX_REASON } from '../limits.ts';
import {
  answerOf,
  answersOf,
  bodyOf,
  ClusterName,
  IdempotencyHeaders,
  ImageName,
  NoQuery,
  SyncName,
} from '../schema.ts';

/** Unknown keys are refused: a misspelt `cluster` must not ask for the whole fleet. */
export const ResyncBody = z
  .strictObject({
    image: ImageName.optional(),
    digest: z
      .string()
      .regex(/^sha256:[0-9a-f]{64}$/, 'needs "sha256:" and 64 lower-case hex digits')
      .optional()
      .meta({ description: 'With image: approve this digest, verified, before the tag moves' }),
    cluster: ClusterName.optional(),
    sync: SyncName.optional(),
    reason: z.string().max(MAX_REASON).optional().meta({ description: 'For the record' }),
    dryRun: z.boolean().optional().meta({ description: 'Only say what would change' }),
  })
  .meta({ id: 'ResyncRequest', description: 'Nothing at all stands for the whole fleet' });

export type ResyncBody = z.infer<typeof ResyncBody>;

export const ResyncAccepted = z
  .object({
    id: z.string().describe('Events and tasks carry it'),
    clusters: z.int().min(0).describe('Clusters that were tasked'),
  })
  .meta({ id: 'ResyncAccepted' });

const CHANGES = ['none', 'approve', 'approve-ahead', 'withdraw', 'unknown'] as const;

export const ResyncPreview = z
  .object({
    clusters: z.int().min(0).describe('Clusters that would be tasked'),
    looked: z.int().min(0).describe('Clusters that were asked; 50 at most'),
    syncs: z.array(
      z.object({
        cluster: z.string(),
        sync: z.string(),
        change: z.enum(CHANGES),
        from: z.string().optional().describe('The newest approval in place'),
        to: z.string().optional().describe('The newest approval afterwards'),
        pin: z.string().optional().describe('What would be written into the spec'),
        phase: z.enum(PHASES),
        why: z.string(),
      }),
    ),
    unread: z
      .array(z.object({ cluster: z.string(), code: z.string(), message: z.string() }))
      .describe('Clusters that did not answer'),
  })
  .meta({ id: 'ResyncPreview' });

export type ResyncAccepted = z.infer<typeof ResyncAccepted>;
export type ResyncPreview = z.infer<typeof ResyncPreview>;

export const resyncRoute = createRoute({
  method: 'post',
  path: '/v1/resync',
  operationId: 'resync',
  summary: 'Look at clusters now',
  description:
    'Tasks the clusters that are named, or follow the image, or all; each resolves and verifies for itself. ' +
    'With `image` and `digest` that digest is approved, if it verifies, before the tag moves to it.',
  request: { query: NoQuery, headers: IdempotencyHeaders, body: bodyOf(ResyncBody) },
  responses: answersOf({
    200: answerOf(ResyncPreview, 'With `dryRun`: what would change, and why'),
    202: answerOf(ResyncAccepted, 'The clusters are tasked'),
  }),
});
