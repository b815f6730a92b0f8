import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DeclaredSync, DeclaredObject } from './unpack-layers.ts';
import { type KubeClient, KubeError, orAbsent } from './kube-client.ts';
import { describeRSync, type Named, type RSync, type SyncError } from './rsync.ts';
import { isTrue } from './status.ts';
import { declaredError } from './sync-errors.ts';

export const MUTATION = 'client.lifecycle.config.k8s.io/mutation';

/** What an RSync has applied and not yet removed: the ResourceGroup's part. Changed in place. */
export type Inventory = Map<string, Named>;

export interface Applied {
  readonly errors: readonly SyncError[];
  /** What was changed or removed just now. */
  readonly changed: readonly Named[];
}

/**
 * Brings the RSyncs that a parent declares to what it declares, and no further: fields and annotations that it does
 * not declare stay as they are, and an object that asks for it is left alone once it is there (docs/facts/config-sync.md#drift). Applies only what differs.
 */
export async function applyDeclared(
  declared: readonly DeclaredSync[],
  origin: Omit<Origin, 'path'>,
  deps: { kube: Pick<KubeClient, 'get' | 'apply'>; inventory: Inventory },
): Promise<Applied> {
  const { kube, inventory } = deps;
  const errors: SyncError[] = [];
  const changed: Named[] = [];
  for (const { path, object } of declared) {
    const { kind, metadata } = object;
    const named = { kind, namespace: metadata.namespace, name: metadata.name };
    if (describeRSync(named) === describeRSync(origin.parent)) {
      errors.push(declaredError('1069', path, `a ${kind} may not manage itself`));
      continue;
    }
    try {
      const actual = await kube.get(named).catch(orAbsent);
      const wanted = withChildMetadata(object, { ...origin, path });
      const ignored = metadata.annotations?.[MUTATION] === 'ignore' && actual !== undefined;
      inventory.set(describeRSync(named), named);
      if (ignored || covers(actual?.object, wanted)) continue;
      await kube.apply(named, wanted);
      changed.push(named);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      errors.push(declaredError('2010', path, error.message));
    }
  }
  return { errors, changed };
}

/** Deletes what was applied before and is declared no more: all of it, where the source has become empty. */
export async function pruneUndeclared(
  declared: readonly DeclaredSync[],
  deps: { kube: Pick<KubeClient, 'remove'>; inventory: Inventory },
): Promise<Named[]> {
  const { kube, inventory } = deps;
  const wanted = new Set(
    declared.map(({ object: { kind, metadata } }) => describeRSync({ kind, ...metadata })),
  );
  const pruned = [...inventory].filter(([key]) => !wanted.has(key));
  for (const [key, named] of pruned) {
    await kube.remove(named);
    inventory.delete(key);
  }
  return pruned.map(([, named]) => named);
}

/** Whether an apply need not wait for the object any more: Current, failed, or gone (kstatus). */
export function isSettled(rsync: RSync | undefined): boolean {
  if (rsync === undefined) return true;
  if (rsync.deleting) return false;
  const { status, generation } = rsync;
  if (isTrue(status, 'Stalled')) return true;
  return status.observedGeneration === generation && !isTrue(status, 'Reconciling');
}

/** Whether everything in `wanted` is in `actual`. */
function covers(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) {
    return isDeepStrictEqual(actual, wanted);
  }
  if (typeof actual !== 'object' || actual === null) return false;
  const fields = new Map(Object.entries(actual));
  return Object.entries(wanted).every(
    // One object in both versions.
    ([key, value]) => key === 'apiVersion' || covers(fields.get(key), value),
  );
}

export const DECLARED_VERSION = 'configsync.gke.io/declared-version';
export const DECLARED_FIELDS = 'configsync.gke.io/declared-fields';
export const OWNING_INVENTORY = 'config.k8s.io/owning-inventory';
export const APPLYSET_PART_OF = 'applyset.kubernetes.io/part-of';

/** Where a declaration comes from. */
interface Origin {
  readonly parent: RSync;
  /** The image or the repository, and what of it was pulled. */
  readonly repo: string;
  readonly commit: string;
  /** The file, from the source's root. */
  readonly path: string;
  /** The cluster's name. */
  readonly cluster: string;
  /** Whether Config Sync's own admission webhook is on: it alone reads which fields are declared. */
  readonly webhook: boolean;
}

/** The object with what Config Sync adds to everything that it manages (docs/config-sync.md). */
function withChildMetadata(object: DeclaredObject, origin: Origin): DeclaredObject {
  const { metadata, spec } = object;
  const { labels, annotations } = metadata;
  const { parent, repo, commit, path, cluster, webhook } = origin;
  const group = object.apiVersion.split('/')[0] ?? '';
  const id = [group, object.kind.toLowerCase(), metadata.namespace, metadata.name].join('_');
  const fields = fieldsOf({ metadata: { labels, annotations }, spec });
  return {
    ...object,
    // The versions differ in nothing else here, and this is the one that is asked for.
    apiVersion: 'configsync.gke.io/v1beta1',
    metadata: {
      ...metadata,
      labels: {
        ...labels,
        'app.kubernetes.io/managed-by': 'configmanagement.gke.io',
        [APPLYSET_PART_OF]: applySetId(parent),
        [DECLARED_VERSION]: object.apiVersion.split('/')[1] ?? '',
      },
      annotations: {
        ...annotations,
        [OWNING_INVENTORY]: `${parent.namespace}_${parent.name}`,
        'configmanagement.gke.io/cluster-name': cluster,
        'configmanagement.gke.io/managed': 'enabled',
        'configmanagement.gke.io/source-path': path,
        'configmanagement.gke.io/token': commit,
        'configsync.gke.io/git-context': JSON.stringify({ repo }),
        'configsync.gke.io/manager': managerOf(parent),
        'configsync.gke.io/resource-id': id,
        ...(webhook ? { [DECLARED_FIELDS]: JSON.stringify(fields) } : {}),
      },
    },
  };
}

function managerOf({ kind, namespace, name }: RSync): string {
  const scope = kind === 'RootSync' ? ':root' : namespace;
  return name === 'root-sync' || name === 'repo-sync' ? scope : `${scope}_${name}`;
}

/** Kubernetes' notation of a set of fields: `{"f:spec":{"f:oci":{"f:image":{}}}}`. */
function fieldsOf(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [`f:${key}`, fieldsOf(field)]),
  );
}

/** The ID of the ApplySet whose parent the RSync is: `applyset-<base64url of a SHA-256>-v1` (KEP 3659). */
export function applySetId(parent: Named): string {
  const { kind, namespace, name } = parent;
  const hash = createHash('sha256').update(`${name}.${namespace}.${kind}.configsync.gke.io`);
  return `applyset-${hash.digest('base64url')}-v1`;
}
