import * as z from 'zod';

// RootSync and RepoSync as the API server returns them (facts/config-sync.md sections 1 and 5). Whoever may write an
// object controls its spec; a status that cannot be read counts as none, and is written anew.

const text = z.string().optional();
const stringMap = z.record(z.string(), z.string()).default({});

const ociSchema = z.object({
  image: text,
  dir: text,
  period: text,
  auth: text,
  gcpServiceAccountEmail: text,
  secretRef: z.object({ name: text }).optional(),
});
const helmSchema = z.object({
  repo: text,
  chart: text,
  version: text,
  period: text,
  auth: text,
  gcpServiceAccountEmail: text,
  secretRef: z.object({ name: text }).optional(),
  namespace: text,
  deployNamespace: text,
});
const gitSchema = z.object({ repo: text, auth: text });

export const specSchema = z.object({
  // The CRD's default; its enum lets nothing else through.
  sourceType: z.enum(['git', 'oci', 'helm']).default('git'),
  oci: ociSchema.optional(),
  helm: helmSchema.optional(),
  git: gitSchema.optional(),
});

const errorSchema = z.looseObject({ code: z.string(), errorMessage: z.string() });

/** Go leaves out zeros and false: a summary without errors is `{}`. */
const summarySchema = z.looseObject({ totalCount: z.int().optional() });

const stageSchema = z.looseObject({
  commit: text,
  ociStatus: z.looseObject({}).optional(),
  helmStatus: z.looseObject({}).optional(),
  gitStatus: z.looseObject({}).optional(),
  message: text,
  errors: z.array(errorSchema).optional(),
  errorSummary: summarySchema.optional(),
  lastUpdate: z.string().nullish(),
});

const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: text,
  message: text,
  commit: text,
  errorSourceRefs: z.array(z.string()).optional(),
  errorSummary: summarySchema.optional(),
  lastUpdateTime: z.string().nullish(),
  lastTransitionTime: z.string().nullish(),
});

const statusSchema = z.looseObject({
  observedGeneration: z.int().optional(),
  reconciler: text,
  lastSyncedCommit: text,
  source: stageSchema.optional(),
  rendering: stageSchema.optional(),
  sync: stageSchema.optional(),
  conditions: z.array(conditionSchema).optional(),
});

export const rsyncSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.int(),
    deletionTimestamp: text,
    labels: stringMap,
    annotations: stringMap,
    finalizers: z.array(z.string()).default([]),
  }),
  spec: z.unknown().optional(),
  status: statusSchema.default({}).catch({}),
});

export const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(z.unknown()),
});

export const eventSchema = z.object({ type: z.string(), object: z.unknown() });

export const namespaceSchema = z.object({
  metadata: z.object({ deletionTimestamp: z.string().nullable().default(null) }),
});

/** The body of a refusal (meta/v1 Status). */
export const refusalSchema = z.object({ message: z.string() });

export type RSyncObject = z.infer<typeof rsyncSchema>;
export type Spec = z.infer<typeof specSchema>;
export type Status = z.infer<typeof statusSchema>;
export type Stage = z.infer<typeof stageSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type SyncError = z.infer<typeof errorSchema>;
