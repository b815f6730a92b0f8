import * as z from 'zod';

export type SyncKind = 'RootSync' | 'RepoSync';

/** One RootSync or RepoSync as it was last seen. */
export interface RSync {
  readonly kind: SyncKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  /** Undefined where it is not of the CRD's shape; `problem` then names the field. */
  readonly spec: Spec | undefined;
  readonly problem: string;
  readonly status: Status;
  /** As the API server sent it, to be sent back whole. */
  readonly object: RSyncObject;
}

/** Everything that Config Sync runs, RootSync and RepoSync alike, runs here. */
export const CONTROLLER_NAMESPACE = 'config-management-system';
export const MANAGER_USER = `system:serviceaccount:${CONTROLLER_NAMESPACE}:reconciler-manager`;

/** Reads an object of the API server; throws where it has no metadata to speak of. */
export function readRSync(kind: SyncKind, value: unknown): RSync {
  const object = rsyncSchema.parse(value);
  const spec = specSchema.safeParse(object.spec ?? {});
  const { name, namespace, uid, generation, deletionTimestamp } = object.metadata;
  const { labels, annotations, finalizers } = object.metadata;
  return {
    kind,
    namespace,
    name,
    uid,
    generation,
    deleting: deletionTimestamp !== undefined,
    labels,
    annotations,
    finalizers,
    spec: spec.data,
    problem: spec.error === undefined ? '' : z.prettifyError(spec.error).replaceAll('\n', ' '),
    status: object.status,
    object,
  };
}

/** What names an RSync. */
export type Named = Pick<RSync, 'kind' | 'namespace' | 'name'>;

/** The user that syncs it, and announces what is about to run. */
export function userOf(rsync: Named): string {
  return `system:serviceaccount:${CONTROLLER_NAMESPACE}:${reconcilerOf(rsync)}`;
}

/** The name of its reconciler (docs/facts/config-sync.md#reconciler-names): Deployment and service account both have it. */
export function reconcilerOf({ kind, namespace, name }: Named): string {
  if (kind === 'RootSync') {
    return name === 'root-sync' ? 'root-reconciler' : `root-reconciler-${name}`;
  }
  if (name === 'repo-sync') return `ns-reconciler-${namespace}`;
  return `ns-reconciler-${namespace}-${name}-${name.length}`;
}

/** `RootSync config-management-system/root-sync`: what it is known by here. */
export function describeRSync({ kind, namespace, name }: Named): string {
  return `${kind} ${namespace}/${name}`;
}

// RootSync and RepoSync as the API server returns them (docs/facts/config-sync.md#api, #status). A user that may write
// an object controls its spec; a status that cannot be read counts as none, and is written anew.

const text = z.string().optional();
const stringMap = z.record(z.string(), z.string()).default({});

const pulled = {
  period: text,
  auth: text,
  gcpServiceAccountEmail: text,
  secretRef: z.object({ name: text }).optional(),
};
const ociSchema = z.object({ ...pulled, image: text, dir: text });
const helmSchema = z.object({
  ...pulled,
  repo: text,
  chart: text,
  version: text,
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

export const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';

/**
 * What a reconciler writes before it syncs (docs/facts/config-sync.md#image-to-sync): the image as the spec has it, a digest in
 * it notwithstanding, and the commit; for Helm over OCI the repository without the chart, and the version where a
 * digest would be. Null removes it: git and Helm over http have none.
 */
export function imageToSync(spec: Spec, commit: string): string | null {
  const source = sourceOf(spec);
  return source === undefined ? null : `${source}@sha256:${commit}`;
}

function sourceOf({ sourceType, oci, helm }: Spec): string | undefined {
  if (sourceType === 'oci') return oci?.image;
  const isOci = sourceType === 'helm' && helm?.repo?.startsWith('oci://') === true;
  return isOci ? helm.repo : undefined;
}
