import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { CLUSTER_PHASES, PHASES } from '#shared/core/phase.ts';
import { CHECK_OUTCOMES } from '#shared/core/rollout/checks.ts';
import { ROLLOUT_ID } from '#shared/core/rollout/id.ts';
import { ROLLOUT_CAUSES, ROLLOUT_STATES } from '#shared/core/rollout/record.ts';
import { STANDINGS } from '#shared/core/rollout/standing.ts';
import {
  answerOf,
  answersOf,
  Cursor,
  ImageName,
  NoQuery,
  PageLimit,
  pageOf,
  Time,
} from '../schema.ts';

const RolloutId = z
  .string()
  .regex(ROLLOUT_ID, 'is not the id of a roll-out')
  .meta({ description: 'Of the roll-out, as the list has it', example: 'platform-v1-8-1a2b3c4d' });

export const RolloutPath = z.object({ id: RolloutId });

export const RolloutsQuery = z.strictObject({
  image: ImageName.optional(),
  status: z.enum(ROLLOUT_STATES).optional().meta({ description: 'Only roll-outs in this state' }),
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

export type RolloutsQuery = z.infer<typeof RolloutsQuery>;

const Count = z.int().min(0);

/** How many clusters of a stage are where. One with several RSyncs counts once, by the worst of them. */
const COUNTS = {
  clusters: Count.describe('Clusters that follow the image and are not held'),
  live: Count,
  underWay: Count.describe('Let in, and not live yet; or never looked at'),
  failed: Count,
  failedBefore: Count.describe('Failing, as they were before the roll-out came'),
  unreachable: Count.describe('Out of reach'),
  waiting: Count,
  ignored: Count.describe('Failed or out of reach, and a person chose to go on'),
  held: Count.describe('Held back, and without the digest'),
};

const StageCounts = z
  .object({ stage: z.string(), open: z.boolean(), ...COUNTS })
  .meta({ id: 'RolloutStageCounts' });

const Lagging = z.object({
  cluster: z.string(),
  standing: z.enum(STANDINGS),
  sync: z.string().optional().describe('The first of its RSyncs on which the digest is not live'),
  phase: z.enum([...PHASES, ...CLUSTER_PHASES]).optional(),
  since: Time.optional(),
  message: z.string().optional(),
});

const StageView = StageCounts.extend({
  lagging: z.array(Lagging).describe('Clusters that were let in and are not live, the first few'),
}).meta({ id: 'RolloutStage' });

const BRIEF = {
  id: z.string(),
  image: z.string().describe('What is followed, with its tag'),
  version: z.int().min(1).describe('One more with each change of the record'),
  kind: z.enum(['forward', 'rollback']),
  digest: z.string().describe('What the clusters are to have; of a rollback what they go back to'),
  release: z
    .string()
    .optional()
    .describe('Where versions are followed: the one that the digest is'),
  status: z.enum(ROLLOUT_STATES),
  cause: z.enum(ROLLOUT_CAUSES).optional().describe('Why it stands there'),
  stage: z.string().describe('The newest stage that is open; those before it are open as well'),
  startedAt: Time,
  startedBy: z.string(),
};

const Sentence = z.string().describe('One sentence: where it stands, and what comes next');

const RolloutBrief = z
  .object({ ...BRIEF, stages: z.array(StageCounts), message: Sentence })
  .meta({ id: 'RolloutBrief' });

export const RolloutPage = z
  .object({
    rollouts: z.array(RolloutBrief).describe('In order of their images'),
    lost: z
      .array(z.string())
      .describe('Images whose record is lost or unreadable: nothing is newly approved for them'),
    next: z.string().optional().describe('Cursor of the next page; absent: this is the last'),
  })
  .meta({ id: 'RolloutPage' });

/** The record of a roll-out, as callers see it. */
export const RolloutRecordView = z
  .object({
    ...BRIEF,
    previous: z.string().optional().describe('The way back'),
    resolvedAt: Time.describe("When the tag was read, by the registry's clock"),
    openedAt: Time.describe('When its stage was opened'),
    okSince: Time.optional().describe('Since when the stage has been well: the soak began then'),
    soakEnds: Time.optional(),
    approvals: z.array(z.object({ stage: z.string(), by: z.string(), at: Time })),
    rejected: z.array(z.string()).describe('Digests that were rolled back'),
    next: z
      .object({ id: z.string(), digest: z.string(), resolvedAt: Time, by: z.string() })
      .optional()
      .describe('What waits for the end of this one'),
    passedOver: z
      .string()
      .optional()
      .describe('What the tag names beside what a person started: it does not come by itself'),
    promoted: z
      .object({ overrideWindows: z.boolean(), includeHeld: z.boolean() })
      .optional()
      .describe('A person let all clusters up to its stage in at once'),
    ignored: z.array(z.string()).describe('Clusters whose failure or absence is ignored'),
    before: z
      .enum(['completed', 'rolled-back'])
      .optional()
      .describe('Of what is paused after its end: what a resume returns to'),
    history: z
      .array(z.object({ at: Time, by: z.string(), did: z.string(), reason: z.string() }))
      .describe('What people did, oldest first; older entries are on the status topic alone'),
  })
  .meta({ id: 'RolloutRecord' });

const CheckView = z
  .object({
    name: z.string(),
    wants: z.string().describe('What is good, such as `below 0.01`'),
    forMs: Count.describe('How long it must have been so before the stage is passed'),
    outcome: z.enum(CHECK_OUTCOMES).optional().describe('Absent: it was not asked yet'),
    since: Time.optional().describe('Since when each look has had that outcome'),
    value: z.string().optional().describe('What was answered last, as far as it is remembered'),
    problem: z.string().optional().describe('Why there is no answer, or what is wrong with it'),
    at: Time.optional().describe('When it was asked last'),
  })
  .meta({ id: 'RolloutCheck' });

export const RolloutView = RolloutRecordView.extend({
  checks: z
    .array(CheckView)
    .optional()
    .describe('Of the stage where it stands; absent where that has none'),
  stages: z.array(StageView).describe('None where its strategy was taken away'),
  message: Sentence,
}).meta({ id: 'Rollout' });

export type StageCounts = z.infer<typeof StageCounts>;
export type StageView = z.infer<typeof StageView>;
export type Lagging = z.infer<typeof Lagging>;
export type RolloutBrief = z.infer<typeof RolloutBrief>;
export type RolloutPage = z.infer<typeof RolloutPage>;
export type RolloutRecordView = z.infer<typeof RolloutRecordView>;
export type RolloutView = z.infer<typeof RolloutView>;

export const rolloutsRoute = createRoute({
  method: 'get',
  path: '/v1/rollouts',
  operationId: 'listRollouts',
  summary: 'Staged roll-outs, one for each image that has a strategy',
  description:
    'From the records and the snapshot, without a call to any cluster. Empty where the config has no roll-outs.',
  request: { query: RolloutsQuery },
  responses: answersOf({
    200: pageOf(RolloutPage, 'A page of roll-outs'),
  }),
});

export const rolloutRoute = createRoute({
  method: 'get',
  path: '/v1/rollouts/{id}',
  operationId: 'readRollout',
  summary: 'One roll-out: its record, its stages and the clusters that lag',
  request: { params: RolloutPath, query: NoQuery },
  responses: answersOf({ 200: answerOf(RolloutView, 'The roll-out as it stands now') }),
});
