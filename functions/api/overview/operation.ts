import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { SEVERITIES } from '#shared/overview/causes.ts';
import { CAUSES } from '#shared/store/tally-note.ts';
import { answerOf, answersOf, NoQuery, Time } from '../schema.ts';

/** What needs a person, the worst first within one severity. */
export const NEEDS = [
  ...CAUSES.slice(0, 2),
  'sweep-silent',
  'rollout-lost',
  'rollout-halted',
  'rollout-back',
  ...CAUSES.slice(2),
  'rollout-approval',
  'rollout-paused',
  'freeze',
] as const;

const Count = z.int().min(0);
const Phases = z.record(z.string(), Count);

const Need = z
  .object({
    kind: z.enum(NEEDS),
    severity: z
      .enum(SEVERITIES)
      .describe('emergency: what an attack looks like; waiting: nothing is wrong'),
    title: z.string().describe('One sentence: what, on how many, and what runs meanwhile'),
    detail: z.string().optional().describe('What was said of the first of them, or by whom'),
    image: z.string().optional(),
    phase: z.string().optional(),
    reason: z.string().optional().describe('Codes'),
    clusters: Count,
    syncs: Count,
    examples: z
      .array(z.object({ cluster: z.string(), sync: z.string().optional() }))
      .describe('The first of them'),
    running: z.string().optional().describe('What most of them run'),
    since: Time.optional(),
    waitsFor: z.string().optional().describe('Who can end it'),
    command: z.string().optional().describe('What shows more, or ends it'),
    runbook: z.string().optional().describe('The section of the runbook'),
    rollout: z.string().optional().describe('The id of the roll-out that it is about'),
    stage: z.string().optional().describe('Where that stands'),
  })
  .meta({ id: 'Need' });

const OverviewImage = z
  .object({
    image: z.string(),
    digest: z.string().optional().describe('What its tag names'),
    verdict: z.string().optional(),
    syncs: Count,
    clusters: Count,
    since: Time.describe('When the newest change was'),
    phases: Phases,
    live: z
      .array(z.object({ digest: z.string(), syncs: Count }))
      .describe('What runs, the most first'),
    stages: z.array(z.object({ stage: z.string(), phases: Phases })),
  })
  .meta({ id: 'OverviewImage' });

export const Overview = z
  .object({
    state: z
      .enum(['well', 'waiting', 'unwell', 'empty', 'unknown'])
      .describe('waiting: nothing is wrong; unknown: what is known is too old to be believed'),
    sentence: z.string().describe('The state, and what is first'),
    headline: z.string().describe('The state alone'),
    since: Time.optional(),
    asOf: Time.describe('When the fleet was counted: of a large one, by the last sweep'),
    oldestReadingSeconds: Count.optional().describe('Of a cluster that is in reach'),
    partial: z.literal(true).optional().describe('Records or freezes could not be read'),
    clusters: Count,
    syncs: Count,
    unwell: Count.describe('Clusters and RSyncs that an operator should look at'),
    phases: Phases.describe('RSyncs by phase, and clusters by theirs'),
    needs: z.array(Need).describe('What needs a person, the worst first, by cause'),
    images: z.array(OverviewImage).describe('The worst first, then those that most follow'),
    labels: z
      .array(
        z.object({
          key: z.string(),
          values: z.array(z.object({ value: z.string(), clusters: Count, phases: Phases })),
        }),
      )
      .describe('RSyncs by labels of their clusters, where a label has few values'),
    left: z
      .object({ causes: Count, images: Count })
      .describe('How many causes and images found no room'),
  })
  .meta({ id: 'Overview' });

export type Need = z.infer<typeof Need>;
export type NeedKind = Need['kind'];
export type Overview = z.infer<typeof Overview>;

export const overviewRoute = createRoute({
  method: 'get',
  path: '/v1/overview',
  operationId: 'readOverview',
  summary: 'Is the fleet well, and what needs a person',
  description:
    'One bounded answer for a fleet of any size, without a call to any cluster. A fleet of more than 500 clusters is ' +
    'counted by the sweep; verdicts that were published since are in it at once.',
  request: { query: NoQuery },
  responses: answersOf({ 200: answerOf(Overview, 'The whole fleet in a few numbers') }),
});
