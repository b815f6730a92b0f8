import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { WAITS } from '#shared/core/rollout/admits.ts';
import type { Command } from '#shared/core/rollout/command.ts';
import { MAX_IGNORED, type RolloutRecord } from '#shared/core/rollout/record.ts';
import { MAX_REASON } from '../limits.ts';
import {
  answerOf,
  answersOf,
  bodyOf,
  ClusterName,
  IdempotencyHeaders,
  ProblemSchema,
} from '../schema.ts';
import { RolloutPath, RolloutRecordView } from './operation.ts';

/** What every decision says. */
const COMMON = {
  reason: z
    .string()
    .max(MAX_REASON)
    .regex(/\S/, 'must say why')
    .meta({ description: 'Why; recorded, and published with your name', example: 'INC-7' }),
  ifVersion: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Decide only if the record still has this version', example: 7 }),
  dryRun: z.boolean().optional().meta({ description: 'Only say what would change' }),
};

const Decided = z.strictObject(COMMON).meta({ id: 'RolloutDecision' });
const Resume = z
  .strictObject({
    ...COMMON,
    ignore: z
      .array(ClusterName)
      .max(MAX_IGNORED)
      .optional()
      .meta({ description: 'Clusters whose failure or absence stops it no more' }),
  })
  .meta({ id: 'RolloutResume' });

export type DecisionBody = z.infer<typeof Decided>;

/** One thing that a person may decide of a roll-out. */
export interface Verb<Body extends DecisionBody = DecisionBody> {
  readonly name: Command['do'];
  readonly summary: string;
  readonly description: string;
  readonly body: z.ZodType<Body>;
  /** The clusters that a body names, as the caller wrote them. */
  named?(body: Body): readonly string[];
  command(
    body: Body,
    about: { readonly record: RolloutRecord; readonly named: readonly string[] },
  ): Command;
}

const PAUSE: Verb = {
  name: 'pause',
  summary: 'Let nothing more in, until a person resumes it',
  description:
    'What is approved stays approved. A newer digest does not end a pause. Whoever may resync may pause.',
  body: Decided,
  command: () => ({ do: 'pause' }),
};

const RESUME: Verb<z.infer<typeof Resume>> = {
  name: 'resume',
  summary: 'Go on with what is paused or halted',
  description: 'With `ignore` also although these clusters failed, or are out of reach.',
  body: Resume,
  named: ({ ignore = [] }) => ignore,
  command: (_, { named }) => ({ do: 'resume', ignore: named }),
};

const ABORT: Verb = {
  name: 'abort',
  summary: 'End it where it is',
  description:
    'Clusters that have the digest keep it, and no other gets it. A newer digest starts a roll-out of its own.',
  body: Decided,
  command: () => ({ do: 'abort' }),
};

const VERBS: readonly Verb[] = [PAUSE, RESUME, ABORT];

const Touched = z.object({
  clusters: z.int().min(0),
  syncs: z.int().min(0).describe('RSyncs that another digest, or none, could be approved for'),
  list: z
    .array(
      z.object({
        cluster: z.string(),
        sync: z.string(),
        before: z.string().optional().describe('What could be approved before; absent: nothing'),
        after: z.string().optional().describe('What could be approved then; absent: nothing'),
        why: z.enum(WAITS).optional().describe('What it would wait for'),
      }),
    )
    .describe('The first of them'),
});

export const DecisionAnswer = z
  .object({
    dryRun: z.boolean(),
    rollout: RolloutRecordView.describe('The record after the decision'),
    touched: Touched.optional().describe('With `dryRun`: who would be touched'),
    message: z.string().optional().describe('With `dryRun`: where it would stand then'),
  })
  .meta({ id: 'RolloutDecided' });

export type DecisionAnswer = z.infer<typeof DecisionAnswer>;
export type Touched = z.infer<typeof Touched>;

const Conflict = ProblemSchema.extend({
  rollout: RolloutRecordView.optional().describe('The record as it is now'),
}).meta({ id: 'RolloutConflict' });

/** Every decision with its operation, `POST /v1/rollouts/{id}/<verb>`, in the order of the document. */
export const DECISIONS = VERBS.map((verb) => {
  const { name, summary, description, body } = verb;
  const route = createRoute({
    method: 'post',
    path: `/v1/rollouts/{id}/${name}`,
    operationId: `${name}Rollout`,
    summary,
    description,
    request: { params: RolloutPath, headers: IdempotencyHeaders, body: bodyOf(body) },
    responses: answersOf({
      200: answerOf(DecisionAnswer, 'Decided; with `dryRun`: what would be decided'),
      409: answerOf(
        Conflict,
        'It has changed meanwhile (`rollout-changed`), or this cannot be decided now',
        'application/problem+json',
      ),
    }),
  });
  return { verb, route };
});
