import * as z from 'zod';
import type { Limit } from '#shared/core/rollout/strategy.ts';
import { ALWAYS, type Check, atMost, distinct, fieldOf, finding, isRecord } from './check.ts';
import {
  MAX_ALL_CHECKS,
  MAX_APPROVERS,
  MAX_CLUSTERS,
  MAX_SOAK_MS,
  MAX_STAGES,
  MAX_STRATEGIES,
} from './limits.ts';
import { checksSchema } from './schema-checks.ts';
import { durationSchema, emailSchema, nameSchema, selectorSchema } from './scalars.ts';
import { freezesSchema, windowsSchema } from './schema-windows.ts';

const SHARE = /^(?:100|[0-9]{1,2}(?:\.[0-9]{1,2})?)%$/;
// Kubernetes, "Labels and Selectors", syntax.
const LABEL_KEY =
  /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** A number of clusters, or a share of the clusters of a stage. */
function limit(description: string, usual: number | string): z.ZodType<Limit> {
  return z
    .union([
      z.int('Is not a whole number').min(0).max(MAX_CLUSTERS),
      z.string().regex(SHARE, 'Is neither a number nor a percentage'),
    ])
    .prefault(usual)
    .meta({ description, examples: ['25%'] })
    .transform((value) =>
      typeof value === 'number' ? { clusters: value } : { percent: Number(value.slice(0, -1)) },
    );
}

const approval = z
  .strictObject({
    approvers: z
      .array(emailSchema.describe('E-mail address of an approver'))
      .min(1)
      .max(MAX_APPROVERS)
      .exactOptional()
      .meta({
        description:
          'Who may approve this stage, out of access.api.approvers; without it all of those may',
        examples: [['lead@acme.example']],
      }),
    count: z
      .int('Is not a whole number')
      .min(1)
      .max(MAX_APPROVERS)
      .default(1)
      .meta({ description: 'How many of them must approve (default: 1)', examples: [2] }),
    notBy: z
      .literal('starter')
      .default('starter')
      .describe('starter (default): who started the roll-out does not approve its stages'),
  })
  .describe('Approvals by people that the stage needs after its soak');

const stage = z
  .strictObject({
    name: nameSchema.meta({ description: 'Name of the stage', examples: ['canary'] }),
    clusters: selectorSchema('ring = canary')
      .exactOptional()
      .describe(
        'Kubernetes label selector over memberships: a cluster is in the first stage that selects it, else in the last',
      ),
    orderBy: z
      .string()
      .regex(LABEL_KEY, 'Is not the key of a label')
      .exactOptional()
      .meta({
        description:
          'Label by which clusters take turns: numbers by value, then text, then clusters without it; without it by name',
        examples: ['ring-order'],
      }),
    maxConcurrency: limit(
      'Clusters under way at once, a number or a share of the stage (default: 25%), rounded down, at least 1 unless 0 is written',
      '25%',
    ),
    maxFailures: limit(
      'More failed clusters halt the roll-out: a number or a share of the stage (default: 0), rounded down',
      0,
    ),
    maxUnreachable: limit(
      'More clusters out of reach stop it: a number or a share of the stage (default: 10%), rounded down',
      '10%',
    ),
    soak: durationSchema(0, MAX_SOAK_MS)
      .prefault('0s')
      .meta({
        description:
          'How long the whole stage must have been live before it is passed (default: 0s), at most 720h',
        examples: ['4h'],
      }),
    checks: checksSchema.exactOptional(),
    approval: approval.exactOptional(),
    signedBy: nameSchema.exactOptional().meta({
      description:
        'Name of a trust policy that the digest must meet as well before this stage opens',
      examples: ['qa'],
    }),
    windows: nameSchema.exactOptional().meta({
      description: 'Name of the windows in which this stage starts something; without it always',
      examples: ['office'],
    }),
    ifEmpty: z
      .enum(['skip', 'wait'])
      .default('skip')
      .describe('A stage without clusters is passed: skip (default), or waits for the first: wait'),
  })
  .transform(({ soak, ...rest }) => ({ ...rest, soakMs: soak }))
  .describe('One stage of a roll-out');

const strategy = z
  .strictObject({
    stages: z
      .array(stage)
      .min(1)
      .max(MAX_STAGES)
      .superRefine(finding(distinct('name', 'Give each stage its own name')), ALWAYS)
      .superRefine(finding(reachable), ALWAYS)
      .describe(
        'The stages in their order; the last one is for all clusters that no other selects',
      ),
    progressDeadline: durationSchema(0).prefault('30m').meta({
      description:
        'A digest that was approved and is not live for longer, or was let in and cannot be approved, counts as failed (default: 30m), at most 168h',
    }),
    onFailure: z
      .enum(['pause', 'rollback'])
      .default('pause')
      .describe(
        'Too many failures halt the roll-out: pause (default), or take all clusters back to the digest before it: rollback',
      ),
    onNewer: z
      .enum(['replace', 'queue'])
      .default('replace')
      .describe(
        'A newer digest replaces the one on its way: replace (default), or, with effect pin, waits for its end: queue',
      ),
    newClusters: z
      .enum(['previous', 'newest', 'wait'])
      .exactOptional()
      .describe(
        'What a cluster that has nothing yet gets before its stage is open: previous (with effect pin, and the default there), newest, or wait (the default with effect gate)',
      ),
  })
  .transform(({ progressDeadline, ...rest }) => ({
    ...rest,
    progressDeadlineMs: progressDeadline,
  }))
  .describe('How a new digest reaches the clusters');

/** Staged roll-outs: strategies that entries of `images` name, and when they may start something. */
export const rolloutsSchema = z
  .strictObject({
    clustersAtOnce: z
      .int('Is not a whole number')
      .min(1)
      .max(MAX_CLUSTERS)
      .default(300)
      .meta({
        description:
          'Clusters under way at once over all roll-outs (default: 300, about what the calls of sweeps can watch)',
        examples: [300],
      }),
    strategies: z
      .record(nameSchema, strategy)
      .superRefine(finding(atMost(MAX_STRATEGIES), fewChecks), ALWAYS)
      .default({})
      .describe('Strategies by name; an entry of images names its own'),
    windows: windowsSchema,
    freezes: freezesSchema,
  })
  .prefault({})
  .describe('Staged roll-outs: how new digests reach the clusters, stage by stage');

/** A stage that selects every cluster leaves none to those after it. */
function* reachable(value: unknown): ReturnType<Check> {
  if (!Array.isArray(value)) return;
  for (const [index, entry] of value.slice(0, -1).entries()) {
    if (fieldOf(entry, 'clusters') !== undefined) continue;
    const fix = 'Add a label selector: only the last stage is for all others';
    const problem = 'Has no selector, so that no cluster is left to the stages after it';
    yield { path: [index], kind: 'conflict', problem, fix };
  }
}

/** Each may cost sweeps a call a minute. */
function* fewChecks(value: unknown): ReturnType<Check> {
  if (!isRecord(value)) return;
  const stages = Object.values(value).flatMap((one) => listOf(fieldOf(one, 'stages')));
  const all = stages.flatMap((one) => listOf(fieldOf(one, 'checks')));
  if (all.length <= MAX_ALL_CHECKS) return;
  const problem = `Has ${all.length} checks in all, more than ${MAX_ALL_CHECKS}`;
  yield { kind: 'too-large', problem, fix: 'Remove some of them' };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
