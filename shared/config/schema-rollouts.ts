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
        description: 'The access.api.approvers who may approve this stage; without it all',
        examples: [['lead@acme.example']],
      }),
    count: z
      .int('Is not a whole number')
      .min(1)
      .max(MAX_APPROVERS)
      .default(1)
      .meta({ description: 'Number of approvals (default: 1)', examples: [2] }),
    notBy: z
      .literal('starter')
      .default('starter')
      .describe('starter (default): the person who started the roll-out cannot approve its stages'),
  })
  .describe('Approvals that the stage needs after its soak');

const stage = z
  .strictObject({
    name: nameSchema.meta({ description: 'Name of the stage', examples: ['canary'] }),
    clusters: selectorSchema('ring = canary')
      .exactOptional()
      .describe(
        'Kubernetes label selector over memberships: a cluster is in the first stage that selects it, otherwise in the last',
      ),
    orderBy: z
      .string()
      .regex(LABEL_KEY, 'Is not the key of a label')
      .exactOptional()
      .meta({
        description:
          'Label that orders the clusters: numbers by value, then text, then clusters without it; without it by name',
        examples: ['ring-order'],
      }),
    maxConcurrency: limit(
      'Clusters under way at once: a number or a share of the stage (default: 25%), rounded down, at least 1 unless it is 0',
      '25%',
    ),
    maxFailures: limit(
      'Failed clusters that are tolerated: a number or a share of the stage (default: 0), rounded down; more halt the roll-out',
      0,
    ),
    maxUnreachable: limit(
      'Unreachable clusters that are tolerated: a number or a share of the stage (default: 10%), rounded down; more halt the roll-out',
      '10%',
    ),
    soak: durationSchema(0, MAX_SOAK_MS)
      .prefault('0s')
      .meta({
        description:
          'How long the whole stage must be live before it is passed (default: 0s), at most 720h',
        examples: ['4h'],
      }),
    checks: checksSchema.exactOptional(),
    approval: approval.exactOptional(),
    signedBy: nameSchema.exactOptional().meta({
      description: 'Name of another trust policy that the digest must meet before this stage opens',
      examples: ['qa'],
    }),
    windows: nameSchema.exactOptional().meta({
      description:
        'Name of the windows in which clusters of this stage may start; without it always',
      examples: ['office'],
    }),
    ifEmpty: z
      .enum(['skip', 'wait'])
      .default('skip')
      .describe('A stage without clusters: skip it (default: skip), or wait for its first cluster'),
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
      .describe('The stages in order; the last has all clusters that no other selects'),
    progressDeadline: durationSchema(0).prefault('30m').meta({
      description:
        'How long a digest may be approved and not live, or admitted and not approved, before the cluster counts as failed (default: 30m), at most 168h',
    }),
    onFailure: z
      .enum(['pause', 'rollback'])
      .default('pause')
      .describe(
        'After too many failures: pause (default) halts the roll-out, rollback returns all clusters to the previous digest',
      ),
    onNewer: z
      .enum(['replace', 'queue'])
      .default('replace')
      .describe(
        'A newer digest: replace (default) ends the present roll-out; queue, with effect pin, waits for its end',
      ),
    newClusters: z
      .enum(['previous', 'newest', 'wait'])
      .exactOptional()
      .describe(
        'What a new cluster gets before its stage is open: previous (effect pin only, and its default), newest, or wait (the default of effect gate)',
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
          'Clusters under way at once in all roll-outs (default: 300, about what sweeps can watch)',
        examples: [300],
      }),
    strategies: z
      .record(nameSchema, strategy)
      .superRefine(finding(atMost(MAX_STRATEGIES), fewChecks), ALWAYS)
      .default({})
      .describe('Strategies by name, for images[].rollout'),
    windows: windowsSchema,
    freezes: freezesSchema,
  })
  .prefault({})
  .describe('Roll-outs in stages');

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
