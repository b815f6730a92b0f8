import * as z from 'zod';
import { WAITS } from '#shared/core/rollout/admits.ts';
import { MAX_IGNORED } from '#shared/core/rollout/record.ts';
import { MAX_IMAGE, MAX_NAME } from '../limits.ts';
import { ClusterName, ProblemSchema, Reason } from '../schema.ts';
import { RolloutRecordView } from './operation.ts';

/** What every decision says. */
const COMMON = {
  reason: Reason,
  ifVersion: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Decide only if the record still has this version', example: 7 }),
  dryRun: z.boolean().optional().meta({ description: 'Only say what would change' }),
};

/** A decision that says no more. */
const StageName = z.string().min(1).max(MAX_NAME);

export const DecisionBody = z.strictObject(COMMON).meta({ id: 'RolloutDecision' });
export const ResumeBody = z
  .strictObject({
    ...COMMON,
    ignore: z
      .array(ClusterName)
      .max(MAX_IGNORED)
      .optional()
      .meta({ description: 'Clusters whose failure or absence stops it no more' }),
  })
  .meta({ id: 'RolloutResume' });
export const ApproveBody = z
  .strictObject({
    ...COMMON,
    stage: StageName.meta({ description: 'The stage whose soak is over', example: 'early' }),
  })
  .meta({ id: 'RolloutApproval' });
export const PromoteBody = z
  .strictObject({
    ...COMMON,
    stage: StageName.optional().meta({
      description: 'Up to this stage; or all of them',
      example: 'early',
    }),
    all: z.literal(true).optional().meta({ description: 'Every stage' }),
    overrideWindows: z.boolean().optional().meta({
      description: 'Outside of windows and freezes of the config, too; a freeze by a person stays',
    }),
    includeHeld: z.boolean().optional().meta({ description: 'What is held as well' }),
  })
  .refine(({ stage, all }) => (stage === undefined) !== (all === undefined), {
    message: 'needs either stage or all',
  })
  .meta({ id: 'RolloutPromotion' });
export const StartBody = z
  .strictObject({
    ...COMMON,
    image: z.string().min(1).max(MAX_IMAGE).meta({
      description: 'What is followed, with its tag',
      example: 'us-docker.pkg.dev/acme/configs/platform:v1',
    }),
    digest: z.string().min(1).max(MAX_IMAGE).optional().meta({
      description: 'A digest of the repository, or CHART:VERSION; without it what the tag names',
    }),
  })
  .meta({ id: 'RolloutStart' });
export const RollbackBody = z
  .strictObject({
    ...COMMON,
    to: z.string().min(1).max(MAX_IMAGE).optional().meta({
      description:
        'A digest of the repository, verified, or CHART:VERSION; without it what was completed last',
    }),
  })
  .meta({ id: 'RolloutRollback' });

export type DecisionBody = z.infer<typeof DecisionBody>;

const Touched = z.object({
  clusters: z.int().min(0),
  syncs: z
    .int()
    .min(0)
    .describe('RSyncs on which another digest, or none, could be newly approved'),
  list: z
    .array(
      z.object({
        cluster: z.string(),
        sync: z.string(),
        before: z
          .string()
          .optional()
          .describe('What could be newly approved before; absent: nothing'),
        after: z.string().optional().describe('What could be newly approved then; absent: nothing'),
        why: z.enum(WAITS).optional().describe('What it would wait for'),
      }),
    )
    .describe('The first of them'),
});

export const DecisionAnswer = z
  .object({
    dryRun: z.boolean(),
    rollout: RolloutRecordView.describe('The record after the decision'),
    touched: Touched.optional().describe(
      'With `dryRun`: who would be touched, by the next sweep too',
    ),
    message: z
      .string()
      .optional()
      .describe('With `dryRun`: where it would stand after the next sweep'),
    needsTag: z
      .object({ tag: z.string(), digest: z.string(), command: z.string() })
      .optional()
      .describe(
        'Under `effect: gate`, where the tag names something else: the tag that has to be moved',
      ),
  })
  .meta({ id: 'RolloutDecided' });

export type DecisionAnswer = z.infer<typeof DecisionAnswer>;
export type Touched = z.infer<typeof Touched>;

export const Conflict = ProblemSchema.extend({
  rollout: RolloutRecordView.optional().describe('The record as it is now'),
}).meta({ id: 'RolloutConflict' });
