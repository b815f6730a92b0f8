import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { STARTS } from '#shared/core/rollout/imagine.ts';
import { OBSTACLES } from '#shared/core/rollout/stage-plan.ts';
import { WAYS_BACK } from '#shared/rollouts/way-back.ts';
import { MAX_IMAGE } from '../limits.ts';
import { answerOf, answersOf, Time } from '../schema.ts';
import { RolloutPath } from './operation.ts';

const PlanQuery = z.strictObject({
  digest: z
    .string()
    .min(1)
    .max(MAX_IMAGE)
    .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII')
    .optional()
    .meta({
      description:
        'Digest, or of a chart host/path/chart:version, to plan for; without it what is on its way, or else the next push',
    }),
});

const Count = z.int().min(0);

/** The first of a list, and how long it is. */
function listOf(entry: z.ZodType) {
  return z.object({ count: Count, first: z.array(entry) });
}

const StagePlan = z
  .object({
    stage: z.string(),
    state: z.enum(['passed', 'open', 'ahead']),
    members: Count.describe('Clusters that its labels choose, followers or not'),
    size: Count.describe('Clusters that follow the image and are not held'),
    turns: listOf(z.string()).describe('Clusters that are to be let in, in their turns'),
    underWay: Count,
    live: Count,
    held: Count,
    unreachable: Count,
    atOnce: Count.describe('Clusters under way at once'),
    batches: Count,
    soakMs: Count,
    checks: z
      .object({ names: z.array(z.string()), forMs: Count })
      .optional()
      .describe('Checks that must be met before it is passed, and the longest time for which'),
    approval: z
      .object({ approvers: z.array(z.string()), missing: Count })
      .optional()
      .describe('Approvals that are missing after its soak'),
    signedBy: z.string().optional().describe('The trust policy that it opens by'),
    opensAt: Time.optional().describe('When it lets in the first, at the earliest'),
    liveAt: Time.optional(),
    passesAt: Time.optional(),
    opensOn: z.string().optional().describe('By the clock of what it waits for, for people'),
    delays: z.array(z.string()).describe('`window`, and names of freezes, that it waits for'),
    obstacle: z.enum(OBSTACLES).optional().describe('What keeps it from being passed'),
    calls: z.object({ approving: Count, watching: Count, soaking: Count }),
  })
  .meta({ id: 'RolloutStagePlan' });

export const PlanView = z
  .object({
    image: z.string(),
    strategy: z.string(),
    digest: z.string().optional().describe('Absent: one that is not pushed yet'),
    start: z.enum(STARTS).describe('When it begins'),
    previous: z.string().optional(),
    wayBack: z.enum(WAYS_BACK).describe('Whether `previous` can still be pulled'),
    stages: z.array(StagePlan),
    clusters: Count.describe('That are to get the digest'),
    calls: Count.describe('To clusters, beside the sweeps as they are'),
    endsAt: Time.optional().describe('At the earliest; absent: never as things are, or not known'),
    minutes: Count.optional(),
    overlaps: listOf(z.object({ cluster: z.string(), stages: z.array(z.string()) })).describe(
      'Clusters that several stages select: each is in the first',
    ),
    unpinned: listOf(z.object({ cluster: z.string(), sync: z.string(), code: z.string() }))
      .optional()
      .describe('RSyncs on which a pin cannot hold'),
  })
  .meta({ id: 'RolloutPlan' });

export const planRoute = createRoute({
  method: 'get',
  path: '/v1/rollouts/{id}/plan',
  operationId: 'planRollout',
  summary: 'What is left of a roll-out, or what another digest of its image would do',
  description:
    'From the record, the snapshot and one look at the registry, without a call to any cluster. Times are the earliest: nothing fails, and people answer at once.',
  request: { params: RolloutPath, query: PlanQuery },
  responses: answersOf({ 200: answerOf(PlanView, 'Stages, turns, windows, calls and times') }),
});
