import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { PHASES } from '#shared/core/phase.ts';
import { ROLLOUT_STEPS } from '#shared/core/rollout/explain-steps.ts';
import { answerOf, answersOf, ClusterName, SyncName, Time } from '../schema.ts';

export const ExplainQuery = z.strictObject({ cluster: ClusterName, sync: SyncName });

const STEPS = [
  'cluster',
  'config',
  'trigger',
  // Where versions are followed.
  'version',
  'tag',
  'digest',
  'signatures',
  // Of an image that is rolled out in stages.
  ...ROLLOUT_STEPS,
  'approval',
  'gate',
  'source',
  'rendering',
  'sync',
  'conditions',
] as const;

const Step = z.object({
  step: z.enum(STEPS),
  outcome: z.enum(['ok', 'wait', 'bad', 'unknown', 'skipped']),
  finding: z.string(),
  details: z.array(z.string()),
});

const Fix = z
  .object({
    command: z.string().describe('Words in capitals are yours to fill in'),
    why: z.string().describe('What it does'),
  })
  .meta({ id: 'Fix', description: 'The command that would help' });

export const Explanation = z
  .object({
    cluster: z.string(),
    sync: z.string(),
    phase: z.enum(PHASES).optional().describe('Absent where the cluster did not answer'),
    readAt: Time,
    steps: z.array(Step).describe('The chain from the config to what runs, in order'),
    conclusion: z.string().describe('One sentence: what is wrong, and what to do'),
    fix: Fix.optional().describe('Absent: nothing is to be done, or no command does it'),
  })
  .meta({ id: 'Explanation' });

export type Step = z.infer<typeof Step>;
export type Explanation = z.infer<typeof Explanation>;

export const explainRoute = createRoute({
  method: 'get',
  path: '/v1/explain',
  operationId: 'explain',
  summary: "Why an RSync is, or is not, on its tag's digest",
  request: { query: ExplainQuery },
  responses: answersOf({
    200: answerOf(Explanation, 'Each step with its finding, and one sentence'),
  }),
});
