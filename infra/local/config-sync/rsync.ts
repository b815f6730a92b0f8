import * as z from 'zod';
import { reconcilerUser } from './reconciler-user.ts';
import { type RSyncObject, rsyncSchema, type Spec, specSchema, type Status } from './schema.ts';

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

type Named = Pick<RSync, 'kind' | 'namespace' | 'name'>;

/** The user that syncs it. */
export function userOf({ kind, namespace, name }: Named): string {
  return reconcilerUser(kind, namespace, name);
}

/** The name of its reconciler: Deployment and service account both have it. */
export function reconcilerOf(rsync: Named): string {
  return userOf(rsync).slice(userOf(rsync).lastIndexOf(':') + 1);
}

/** `RootSync config-management-system/root-sync`, for messages. */
export function describeRSync({ kind, namespace, name }: Named): string {
  return `${kind} ${namespace}/${name}`;
}
