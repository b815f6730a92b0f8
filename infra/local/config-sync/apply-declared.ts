import { isDeepStrictEqual } from 'node:util';
import { isTrue } from './conditions.ts';
import { type Origin, withChildMetadata } from './child-metadata.ts';
import type { DeclaredSync } from './declared-syncs.ts';
import { type KubeClient, KubeError, orAbsent } from './kube-client.ts';
import { describeRSync, type RSync } from './rsync.ts';
import type { SyncError } from './schema.ts';
import { declaredError } from './sync-errors.ts';

export const MUTATION = 'client.lifecycle.config.k8s.io/mutation';

type Named = Pick<RSync, 'kind' | 'namespace' | 'name'>;

/** What an RSync has applied and not yet removed: the ResourceGroup's part. Changed in place. */
export type Inventory = Map<string, Named>;

export interface Applied {
  readonly errors: readonly SyncError[];
  /** What was changed or removed just now. */
  readonly changed: readonly Named[];
}

/** What is declared, and on whose behalf. */
export interface Declaration {
  readonly origin: Omit<Origin, 'path'>;
  readonly declared: readonly DeclaredSync[];
}

/**
 * Brings the RSyncs that a parent declares to what it declares, and no further: fields and annotations that it does
 * not declare stay as they are, and an object that asks for it is left alone once it is there (facts/config-sync.md
 * section 7). Applies only what differs.
 */
export async function applyDeclared(
  { origin, declared }: Declaration,
  deps: { kube: Pick<KubeClient, 'get' | 'apply'>; inventory: Inventory },
): Promise<Applied> {
  const { kube, inventory } = deps;
  const { parent } = origin;
  const errors: SyncError[] = [];
  const changed: Named[] = [];
  for (const { path, object } of declared) {
    const { kind, metadata } = object;
    const named = { kind, namespace: metadata.namespace, name: metadata.name };
    if (describeRSync(named) === describeRSync(parent)) {
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
