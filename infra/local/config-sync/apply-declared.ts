import { isDeepStrictEqual } from 'node:util';
import type { DeclaredObject, DeclaredSync } from './declared-syncs.ts';
import { type KubeClient, KubeError } from './kube-client.ts';
import type { RSync } from './rsync.ts';
import type { SyncError } from './schema.ts';
import { declaredError } from './sync-errors.ts';

export const DECLARED_VERSION = 'configsync.gke.io/declared-version';
export const DECLARED_FIELDS = 'configsync.gke.io/declared-fields';
export const MUTATION = 'client.lifecycle.config.k8s.io/mutation';
const MANAGER = 'configsync.gke.io/manager';

/**
 * Brings the RSyncs that `parent` declares to what it declares, and no further: fields and annotations that it does
 * not declare stay as they are, and an object that asks for it is left alone once it is there (facts/config-sync.md
 * section 7). Applies only what differs. Nothing is pruned.
 */
export async function applyDeclared(
  parent: RSync,
  declared: readonly DeclaredSync[],
  kube: Pick<KubeClient, 'get' | 'apply'>,
): Promise<SyncError[]> {
  const errors: SyncError[] = [];
  for (const { path, object } of declared) {
    const { kind, metadata } = object;
    const named = { kind, namespace: metadata.namespace, name: metadata.name };
    if (
      kind === parent.kind &&
      named.name === parent.name &&
      named.namespace === parent.namespace
    ) {
      errors.push(declaredError('1069', path, `a ${kind} may not manage itself`));
      continue;
    }
    try {
      const actual = await kube.get(named).catch(orAbsent);
      const wanted = withMetadata(object, parent);
      const ignored = metadata.annotations?.[MUTATION] === 'ignore' && actual !== undefined;
      if (!ignored && !covers(actual?.object, wanted)) await kube.apply(named, wanted);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      errors.push(declaredError('2010', path, error.message));
    }
  }
  return errors;
}

/** With what Config Sync adds to everything that it manages. */
function withMetadata(object: DeclaredObject, parent: RSync): DeclaredObject {
  const { metadata, spec } = object;
  const scope = parent.kind === 'RootSync' ? ':root' : parent.namespace;
  const usual = parent.name === (parent.kind === 'RootSync' ? 'root-sync' : 'repo-sync');
  const { labels, annotations } = metadata;
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
        [DECLARED_VERSION]: object.apiVersion.split('/')[1] ?? '',
      },
      annotations: {
        ...annotations,
        'configmanagement.gke.io/managed': 'enabled',
        [MANAGER]: usual ? scope : `${scope}_${parent.name}`,
        [DECLARED_FIELDS]: JSON.stringify(fields),
      },
    },
  };
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

function orAbsent(error: unknown): undefined {
  if (error instanceof KubeError && error.code === 404) return undefined;
  throw error;
}
