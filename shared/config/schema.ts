import * as z from 'zod';
import { ALWAYS, type Check, fieldOf, finding, isRecord, withOneOf } from './check.ts';
import { checkRollouts } from './check-rollouts.ts';
import {
  MAX_HISTORY_DAYS,
  MAX_PEOPLE,
  MAX_REVIEW_MS,
  MIN_PERIOD_MS,
  MIN_REVIEW_MS,
} from './limits.ts';
import {
  durationSchema,
  percentSchema,
  projectSchema,
  pathSchema,
  topicSchema,
  userSchema,
} from './scalars.ts';
import { accessSchema } from './schema-access.ts';
import { fleetSchema } from './schema-fleet.ts';
import { imagesSchema } from './schema-images.ts';
import { registriesSchema } from './schema-registries.ts';
import { rolloutsSchema } from './schema-rollouts.ts';
import { trustSchema } from './schema-trust.ts';

/** A year, and the month in which it is looked back on. */
const DEFAULT_HISTORY_DAYS = 400;

// Firestore, "Create a database": 4 to 63 characters, or the default database.
const DATABASE = /^(?:\(default\)|[a-z][-a-z0-9]{2,61}[a-z0-9])$/;

function topic(description: string, example: string): z.ZodString {
  return topicSchema.meta({ description, examples: [`projects/p/topics/${example}`] });
}

const topics = z
  .strictObject({
    tasks: topic('Topic of the tasks that pushes and signatures cause', 'countersign-tasks'),
    sweepTasks: topic('Topic of the tasks that sweeps cause', 'countersign-sweep-tasks'),
    resyncTasks: topic('Topic of the tasks that people cause', 'countersign-resync-tasks'),
    status: topic('Topic of the status events', 'countersign-status'),
    deadLetters: topic(
      'Topic of messages that no function could handle',
      'countersign-dead-letters',
    ),
  })
  .superRefine(finding(distinctTopics), ALWAYS)
  .describe('Pub/Sub topics by their full names, all different');

/** One database: in Firestore, or in a file. */
function databaseSchema(description: string, database: string, file: string) {
  return withOneOf(
    z.strictObject({
      firestore: z
        .strictObject({
          project: projectSchema.meta({ description: 'Project of the database', examples: ['p'] }),
          database: z
            .string()
            .regex(DATABASE, 'Is not the id of a database')
            .meta({ description: 'Id of the database', examples: [database] }),
        })
        .exactOptional()
        .describe('Firestore, for functions that run apart'),
      sqlite: z
        .strictObject({
          path: pathSchema.meta({
            description: 'Path of the database file, relative to this file',
            examples: [file],
          }),
        })
        .exactOptional()
        .describe('An embedded database, for one machine'),
    }),
    ['firestore', 'sqlite'],
    description,
  );
}

const store = databaseSchema(
  'The throw-away store that all functions share: exactly one of firestore and sqlite',
  'countersign',
  'store.sqlite',
);

const records = databaseSchema(
  'What roll-outs have decided, in a database of its own that is backed up: exactly one of firestore and sqlite; required where an entry of images has a rollout',
  'countersign-records',
  'records.sqlite',
);

const history = z
  .strictObject({
    days: z
      .int()
      .min(1)
      .max(MAX_HISTORY_DAYS)
      .default(DEFAULT_HISTORY_DAYS)
      .meta({
        description: `For how many days an event is kept (default ${DEFAULT_HISTORY_DAYS}), at most ${MAX_HISTORY_DAYS}`,
        examples: [DEFAULT_HISTORY_DAYS],
      }),
  })
  .describe(
    'Keeps every status event in the database of records, for GET /v1/history; without it there is no function history',
  );

const sweep = z
  .strictObject({
    period: durationSchema(MIN_PERIOD_MS)
      .prefault('15m')
      .describe(
        'Time in which the whole fleet is looked at once (default 15m), from 1s to 168h; stretched where the calls to clusters do not suffice',
      ),
    withdrawBrake: percentSchema
      .prefault('5%')
      .describe(
        'Share of the RSyncs with an approval (default 5%): where a changed policy would take more, a sweep withdraws nothing and says so; 0% to 100%',
      ),
    pendingAfter: durationSchema(0)
      .prefault('1h')
      .describe(
        'How long an image may wait for its signature unremarked (default 1h), at most 168h',
      ),
    blockedAfter: durationSchema(0)
      .prefault('2m')
      .describe(
        'How long Config Sync may report a refusal after an approval before it counts as Blocked (default 2m), at most 168h',
      ),
    liveAfter: durationSchema(0)
      .prefault('10m')
      .describe(
        'How long an approval may wait to be live, beside the time between two polls of Config Sync and while its cluster is in reach, before it counts as Stalled (default 10m), at most 168h',
      ),
    deletingAfter: durationSchema(0)
      .prefault('10m')
      .describe(
        'How long an RSync may take to be deleted before it counts as Stalled (default 10m), at most 168h: it goes on syncing until it is gone',
      ),
  })
  .transform(({ period, pendingAfter, blockedAfter, liveAfter, deletingAfter, ...rest }) => ({
    ...rest,
    periodMs: period,
    pendingAfterMs: pendingAfter,
    blockedAfterMs: blockedAfter,
    liveAfterMs: liveAfter,
    deletingAfterMs: deletingAfter,
  }))
  .prefault({})
  .describe('How the fleet is swept, and how patient that is');

const gate = z
  .strictObject({
    identity: userSchema.meta({
      description: "Countersign's user name in the clusters: who alone may write approvals",
      examples: ['countersign@p.iam.gserviceaccount.com'],
    }),
    breakGlass: z
      .array(userSchema.describe('User name of a person or service account'))
      .max(MAX_PEOPLE)
      .default([])
      .meta({
        description:
          'User names of those who may set countersign.dev/break-glass, which lets one digest past the gate',
        examples: [['oncall@acme.example']],
      }),
    mayHold: z
      .enum(['countersign', 'anyone'])
      .default('countersign')
      .describe(
        'Who may set and lift countersign.dev/hold, which keeps roll-outs away from an RSync: countersign (default: people hold through its API), or anyone who may write the RSync',
      ),
  })
  .describe('Whom the gate knows; without it no gate is rendered');

/** How admission reviews are answered (docs/adr/0013). */
const admissionSchema = z
  .strictObject({
    mode: z
      .enum(['deny', 'warn'])
      .default('deny')
      .describe(
        'deny (default): what is not verified is refused; warn: it is let in with a warning, and recorded',
      ),
    unchanged: z
      .enum(['admit', 'verify'])
      .default('admit')
      .describe(
        'An image-to-sync that stays as it was: admit (default), or verify it again, so that a replaced key stops what it had signed',
      ),
    staleFor: durationSchema(0)
      .prefault('10m')
      .describe(
        'How long past its hour a good verdict still counts while the registry cannot be asked (default 10m), at most 168h; 0s: not at all',
      ),
    deadline: durationSchema(MIN_REVIEW_MS)
      .superRefine(finding(withinTimeout))
      .prefault('8s')
      .describe(
        'How long one review may take (default 8s), from 100ms to 29s; less where the API server waits for less',
      ),
  })
  .transform(({ staleFor, deadline, ...rest }) => ({
    ...rest,
    staleForMs: staleFor,
    deadlineMs: deadline,
  }))
  .prefault({})
  .describe('How admission reviews are answered');

/** The one version of the format that there is. */
export const API_VERSION = 'countersign.dev/v1';

/** The whole config file (docs/config.md). Input is the YAML value, output has units and defaults applied. */
export const configSchema = z
  .strictObject({
    apiVersion: z.literal(API_VERSION).describe(`Version of this format: ${API_VERSION}`),
    fleet: fleetSchema,
    registries: registriesSchema,
    images: imagesSchema,
    unmatched: z
      .enum(['deny', 'ignore'])
      .default('deny')
      .describe(
        'OCI and Helm sources that no entry names: deny (default: the gate refuses them) or ignore',
      ),
    otherSources: z
      .enum(['deny', 'ignore'])
      .default('deny')
      .describe(
        'Sources that announce nothing, so that nothing can be verified: git, and Helm over http: deny (default: the gate refuses them) or ignore',
      ),
    trust: trustSchema,
    topics,
    store,
    rollouts: rolloutsSchema,
    records: records.exactOptional(),
    history: history.exactOptional(),
    sweep,
    gate: gate.exactOptional(),
    admission: admissionSchema,
    access: accessSchema,
  })
  .superRefine(finding(knownPolicies, checkRollouts), ALWAYS)
  .describe('Configuration of Countersign');

export type ConfigInput = z.output<typeof configSchema>;

function* knownPolicies(value: unknown): ReturnType<Check> {
  const images = fieldOf(value, 'images');
  const policies = fieldOf(value, 'trust');
  if (!Array.isArray(images) || !isRecord(policies)) return;
  for (const [index, image] of images.entries()) {
    const name = fieldOf(image, 'trust');
    if (typeof name !== 'string' || Object.hasOwn(policies, name)) continue;
    const known = Object.keys(policies).join(', ');
    const fix =
      known === ''
        ? 'Add the policy under trust'
        : `Write one of ${known}, or add the policy under trust`;
    const path = ['images', index, 'trust'];
    yield { path, kind: 'bad-value', problem: 'Names no trust policy', fix };
  }
}

function* distinctTopics(value: unknown): ReturnType<Check> {
  if (!isRecord(value)) return;
  const seen = new Map<string, string>();
  for (const [name, full] of Object.entries(value)) {
    if (typeof full !== 'string') continue;
    const first = seen.get(full);
    if (first === undefined) seen.set(full, name);
    else {
      const problem = `Is the topic of ${first} as well`;
      yield { path: [name], kind: 'duplicate', problem, fix: 'Give each use its own topic' };
    }
  }
}

/** Kubernetes waits for no webhook longer than 30 seconds. */
function* withinTimeout(value: unknown): ReturnType<Check> {
  if (typeof value !== 'number' || value <= MAX_REVIEW_MS) return;
  const fix = `Write at most ${MAX_REVIEW_MS / 1000}s: no API server waits longer than 30s`;
  yield { kind: 'bad-value', problem: 'Is longer than an API server waits', fix };
}
