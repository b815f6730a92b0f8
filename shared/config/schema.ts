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
import { proxySchema } from './schema-proxy.ts';
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
    tasks: topic('Topic of tasks from pushes and signatures', 'countersign-tasks'),
    sweepTasks: topic('Topic of tasks from sweeps', 'countersign-sweep-tasks'),
    resyncTasks: topic('Topic of tasks from people', 'countersign-resync-tasks'),
    status: topic('Topic of the status events', 'countersign-status'),
    deadLetters: topic('Topic of messages that were given up', 'countersign-dead-letters'),
  })
  .superRefine(finding(distinctTopics), ALWAYS)
  .describe('Pub/Sub topics by full name, all different');

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
        .describe('Firestore, for functions on different machines'),
      sqlite: z
        .strictObject({
          path: pathSchema.meta({
            description: 'Path of the database file',
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
  'The disposable store that all functions share: exactly one of firestore and sqlite',
  'countersign',
  'store.sqlite',
);

const records = databaseSchema(
  'Database of the decisions on roll-outs, apart from the store and backed up: exactly one of firestore and sqlite; required if an entry of images has a rollout',
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
        description: `Days for which an event is kept (default ${DEFAULT_HISTORY_DAYS}), at most ${MAX_HISTORY_DAYS}`,
        examples: [DEFAULT_HISTORY_DAYS],
      }),
  })
  .describe(
    'Keeps every status event in the database of records, for GET /v1/history; without it the function history does not run',
  );

const sweep = z
  .strictObject({
    period: durationSchema(MIN_PERIOD_MS)
      .prefault('15m')
      .describe(
        'Time in which a sweep looks at the whole fleet once (default 15m), from 1s to 168h; longer if the budget of calls does not suffice',
      ),
    withdrawBrake: percentSchema
      .prefault('5%')
      .describe(
        'Share of the approved RSyncs (default 5%): a sweep that would withdraw more after a change of the config withdraws nothing and reports it',
      ),
    pendingAfter: durationSchema(0)
      .prefault('1h')
      .describe(
        'How long an image may wait for its signature before it is reported (default 1h), at most 168h',
      ),
    blockedAfter: durationSchema(0)
      .prefault('2m')
      .describe(
        'How long Config Sync may report a refusal after an approval before the RSync is Blocked (default 2m), at most 168h',
      ),
    liveAfter: durationSchema(0)
      .prefault('10m')
      .describe(
        'How long an approval may take to be live, beyond the poll period of Config Sync and while the cluster is reachable, before the RSync is Stalled (default 10m), at most 168h',
      ),
    deletingAfter: durationSchema(0)
      .prefault('10m')
      .describe(
        'How long a deletion may take before the RSync is Stalled (default 10m), at most 168h; it syncs until it is gone',
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
  .describe('Period and patience of the sweep');

const gate = z
  .strictObject({
    identity: userSchema.meta({
      description: "Countersign's user name in the clusters: the only user who may write approvals",
      examples: ['countersign@p.iam.gserviceaccount.com'],
    }),
    breakGlass: z
      .array(userSchema.describe('User name of a person or service account'))
      .max(MAX_PEOPLE)
      .default([])
      .meta({
        description:
          'Users who may set countersign.dev/break-glass, which lets one digest pass the gate',
        examples: [['oncall@acme.example']],
      }),
    mayHold: z
      .enum(['countersign', 'anyone'])
      .default('countersign')
      .describe(
        'Who may set and lift countersign.dev/hold: countersign (default: people hold through its API), or anyone who may write the RSync',
      ),
  })
  .describe('Users that the gate knows; without it no gate is rendered');

/** How admission reviews are answered (docs/adr/0013). */
const admissionSchema = z
  .strictObject({
    mode: z
      .enum(['deny', 'warn'])
      .default('deny')
      .describe(
        'deny (default): an unverified digest is refused; warn: it is admitted with a warning and logged',
      ),
    unchanged: z
      .enum(['admit', 'verify'])
      .default('admit')
      .describe(
        'An unchanged image-to-sync: admit it (default: admit), or verify it again, so that a replaced key stops what it had signed',
      ),
    staleFor: durationSchema(0)
      .prefault('10m')
      .describe(
        'How long a good verdict counts beyond its hour while the registry cannot be reached (default 10m), at most 168h; 0s: not at all',
      ),
    deadline: durationSchema(MIN_REVIEW_MS)
      .superRefine(finding(withinTimeout))
      .prefault('8s')
      .describe(
        'Time for one review (default 8s), from 100ms to 29s; less if the API server waits for less',
      ),
  })
  .transform(({ staleFor, deadline, ...rest }) => ({
    ...rest,
    staleForMs: staleFor,
    deadlineMs: deadline,
  }))
  .prefault({})
  .describe('How the admission webhook answers');

/** The one version of the format that there is. */
export const API_VERSION = 'countersign.dev/v1';

/** The whole config file (docs/config.md). Input is the YAML value, output has units and defaults applied. */
export const configSchema = z
  .strictObject({
    apiVersion: z.literal(API_VERSION).describe(`Version of this format: ${API_VERSION}`),
    fleet: fleetSchema,
    registries: registriesSchema,
    proxy: proxySchema.exactOptional(),
    images: imagesSchema,
    unmatched: z
      .enum(['deny', 'ignore'])
      .default('deny')
      .describe(
        'OCI and Helm sources that no entry of images matches: deny (default: the gate refuses them) or ignore',
      ),
    otherSources: z
      .enum(['deny', 'ignore'])
      .default('deny')
      .describe(
        'Sources that cannot be verified, which are git and Helm over http: deny (default: the gate refuses them) or ignore',
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
