import { CountersignError } from '#shared/core/errors.ts';
import type { Journal } from '../journal.ts';
import type { Clock } from './clock.ts';
import type { PlannedCluster } from '../world.ts';

/** A RootSync or RepoSync as its API server holds it. Never changed in place: a reader keeps what it read. */
export interface SyncObject {
  readonly kind: 'RootSync' | 'RepoSync';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly sourceType: 'oci'; readonly oci: { readonly image: string } };
  readonly status: SyncObjectStatus;
}

export interface SyncObjectStatus {
  readonly observedGeneration?: number;
  readonly lastSyncedCommit?: string;
  readonly source?: StageStatus;
  readonly rendering?: StageStatus;
  readonly sync?: StageStatus;
  readonly conditions?: readonly ConditionStatus[];
}

export interface StageStatus {
  readonly commit: string;
  readonly ociStatus: { readonly image: string };
  readonly lastUpdate: string;
  readonly errors?: readonly { readonly code: string; readonly errorMessage: string }[];
  readonly errorSummary: { readonly totalCount?: number };
}

export interface ConditionStatus {
  readonly type: 'Syncing' | 'Stalled' | 'Reconciling';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly commit?: string;
  readonly errorSummary?: { readonly totalCount?: number };
}

/** One API server with what runs behind it. */
export interface SimCluster {
  readonly plan: PlannedCluster;
  /** It is a member of the fleet. */
  member: boolean;
  /** No call gets through to it; Config Sync inside goes on. */
  down: boolean;
  /** Config Sync stands still until then. */
  pausedUntil: number;
  /** Another webhook refuses what Config Sync announces. */
  refuses: boolean;
  /** RSyncs with a spec that Config Sync does not work on. */
  readonly wrongSpecs: Set<string>;
  readonly objects: ReadonlyMap<string, SyncObject>;
  /** When an object of that uid was written, by any writer. */
  readonly writes: ReadonlyMap<string, readonly number[]>;
  get(key: string): SyncObject | undefined;
  create(
    object: Omit<SyncObject, 'metadata'> & {
      metadata: Pick<SyncObject['metadata'], 'name' | 'namespace'>;
    },
  ): SyncObject;
  remove(key: string): void;
  /** Replaces an object that is what `from` was; a change of the spec makes a new generation. */
  replace(from: SyncObject, to: SyncObject): SyncObject;
  /** A JSON merge patch as we send them. Throws `cluster-conflict`. */
  patch(key: string, body: PatchLike): { readonly before: SyncObject; readonly after: SyncObject };
}

export interface PatchLike {
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly spec?: { readonly oci?: { readonly image?: string } };
}

export function keyOf({
  kind,
  namespace,
  name,
}: {
  kind: string;
  namespace: string;
  name: string;
}): string {
  return kind === 'RootSync' ? `RootSync/${name}` : `RepoSync/${namespace}/${name}`;
}

/** Sees every object that an API server comes to hold; undefined: it is gone. */
export type SimClusterWatch = (
  cluster: SimCluster,
  key: string,
  object: SyncObject | undefined,
) => void;

export function createSimCluster(
  plan: PlannedCluster,
  {
    clock,
    journal,
    written = () => undefined,
  }: { clock: Clock; journal: Journal; written?: SimClusterWatch },
): SimCluster {
  const writes = new Map<string, number[]>();
  const objects = new Map<string, SyncObject>();
  let version = 0;
  let uids = 0;
  const stamp = (): string => `${++version}`;

  function replace(from: SyncObject, to: SyncObject): SyncObject {
    const changed = from.spec.oci.image !== to.spec.oci.image;
    const generation = from.metadata.generation + (changed ? 1 : 0);
    const object = { ...to, metadata: { ...to.metadata, generation, resourceVersion: stamp() } };
    const { kind, metadata } = object;
    objects.set(keyOf({ kind, ...metadata }), object);
    const times = writes.get(metadata.uid) ?? [];
    writes.set(metadata.uid, [...times, clock.now()]);
    seen(keyOf({ kind, ...metadata }), object);
    return object;
  }

  function seen(key: string, object: SyncObject | undefined): void {
    written(made, key, object);
  }

  const made: SimCluster = {
    plan,
    member: true,
    down: false,
    pausedUntil: 0,
    refuses: false,
    wrongSpecs: new Set(),
    objects,
    writes,
    get: (key) => objects.get(key),
    create({ metadata, ...rest }) {
      uids += 1;
      const uid = `${plan.name.slice(plan.name.lastIndexOf('/') + 1)}-uid-${uids}`;
      const whole = { ...metadata, uid, resourceVersion: stamp(), generation: 1, annotations: {} };
      const object = { ...rest, metadata: whole };
      const key = keyOf({ kind: rest.kind, ...metadata });
      objects.set(key, object);
      seen(key, object);
      return object;
    },
    remove(key) {
      objects.delete(key);
      seen(key, undefined);
    },
    replace,
    patch(key, body) {
      const before = objects.get(key);
      const expected = body.metadata?.resourceVersion;
      const stale = expected !== undefined && expected !== before?.metadata.resourceVersion;
      if (before === undefined || stale) {
        journal.count('conflicts');
        throw new CountersignError('cluster-conflict', `${key} was changed by another writer`);
      }
      const annotations = { ...before.metadata.annotations };
      for (const [name, value] of Object.entries(body.metadata?.annotations ?? {})) {
        if (value === null) delete annotations[name];
        else annotations[name] = value;
      }
      const image = body.spec?.oci?.image ?? before.spec.oci.image;
      const to: SyncObject = {
        ...before,
        metadata: { ...before.metadata, annotations },
        spec: { ...before.spec, oci: { image } },
      };
      return { before, after: isSame(before, to) ? before : replace(before, to) };
    },
  };
  return made;
}

/** A write that changes nothing makes no new version. */
function isSame(one: SyncObject, other: SyncObject): boolean {
  return (
    JSON.stringify(one.metadata.annotations) === JSON.stringify(other.metadata.annotations) &&
    one.spec.oci.image === other.spec.oci.image
  );
}
