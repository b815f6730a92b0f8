import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { configSyncKinds, coreKinds, type Kind } from './kinds.ts';
import { prepareDelete } from './prepare.ts';
import type { Page } from './forms.ts';
import { listObjects } from './read.ts';
import { admitWrite, type Call, type Cluster, currentObject } from './request.ts';
import {
  badRequest,
  conflict,
  detailsOf,
  forbidden,
  notFound,
  type Status,
  StatusError,
} from './status.ts';
import type { KubeObject, Store } from './store.ts';

const optionsSchema = z.looseObject({
  dryRun: z.array(z.string()).nullish(),
  preconditions: z
    .looseObject({ uid: z.string(), resourceVersion: z.string() })
    .partial()
    .nullish(),
});

/** Namespaces that every cluster has. */
const KEPT = new Set(['default', 'kube-system', 'kube-public']);
const contents = [...coreKinds, ...configSyncKinds].filter(({ namespaced }) => namespaced);

/**
 * DELETE: removes the object at once, or, where finalizers hold it, marks it as being deleted.
 * Answers the object in the second case and a Status in the first, as the real server does.
 */
export async function removeObject(
  cluster: Cluster,
  call: Call,
  body: unknown,
): Promise<KubeObject | Status> {
  const { kind, request, target } = call;
  const options = optionsSchema.safeParse(body ?? {});
  if (!options.success) throw badRequest('error decoding DeleteOptions');
  const { preconditions, dryRun } = options.data;
  const name = target.name ?? '';
  const dry = request.dryRun || dryRun?.includes('All') === true;
  const asked = { ...call, request: { ...request, dryRun: dry } };
  for (;;) {
    const object = currentObject(cluster, call);
    if (object === undefined) throw notFound(kind, name);
    checkPreconditions(kind, object, preconditions ?? {});
    if (kind.kind === 'Namespace' && KEPT.has(name))
      throw forbidden(kind, name, 'this namespace may not be deleted');
    await admitWrite(cluster, asked, { operation: 'DELETE', oldObject: object });
    if (dry) return success(kind, object);
    // What another write made of it meanwhile is judged anew.
    if (currentObject(cluster, call) === object) return beginRemoval(cluster, kind, object);
  }
}

function beginRemoval(cluster: Cluster, kind: Kind, object: KubeObject): KubeObject | Status {
  const { store } = cluster;
  const { name, deletionTimestamp } = object.metadata;
  if (kind.kind === 'Namespace') emptyNamespace(cluster, name);
  if (!isHeld(store, object)) {
    removeNow(store, kind.plural, object);
    return success(kind, object);
  }
  if (deletionTimestamp !== undefined) return object;
  return store.commit(kind.plural, object, prepareDelete(kind, object, cluster.clock())) ?? object;
}

/**
 * DELETE of a collection: removes what the selectors match in one namespace, each as if it were removed by name.
 * Answers the list as it was.
 */
export async function removeCollection(cluster: Cluster, call: Call, body: unknown): Promise<Page> {
  const page = listObjects(cluster, call);
  for (const { metadata } of page.items) {
    const target = { ...call.target, name: metadata.name };
    await removeObject(cluster, { ...call, target }, body).catch((error: unknown) => {
      // Another caller removed it meanwhile.
      if (!(error instanceof StatusError) || error.status.reason !== 'NotFound') throw error;
    });
  }
  return page;
}

/** Removes an object whose deletion began, once no finalizer holds it any more. */
export function finishDeletion(store: Store, plural: string, object: KubeObject): void {
  if (object.metadata.deletionTimestamp === undefined || isHeld(store, object)) return;
  removeNow(store, plural, object);
}

function removeNow(store: Store, plural: string, object: KubeObject): void {
  store.commit(plural, object);
  const namespace = store.get('namespaces', '', object.metadata.namespace ?? '');
  if (namespace !== undefined) finishDeletion(store, 'namespaces', namespace);
}

function isHeld(store: Store, object: KubeObject): boolean {
  if ((object.metadata.finalizers ?? []).length > 0) return true;
  return object.kind === 'Namespace' && !isEmpty(store, object.metadata.name);
}

// The namespace controller's part: everything inside goes too, held back by finalizers alone.
function emptyNamespace(cluster: Cluster, namespace: string): void {
  for (const kind of contents) {
    for (const object of cluster.store.list(kind.plural)) {
      if (object.metadata.namespace !== namespace) continue;
      if (!isHeld(cluster.store, object)) cluster.store.commit(kind.plural, object);
      else if (object.metadata.deletionTimestamp === undefined) {
        const deleting = prepareDelete(kind, object, cluster.clock());
        cluster.store.commit(kind.plural, object, deleting);
      }
    }
  }
}

function isEmpty(store: Store, namespace: string): boolean {
  return contents.every(({ plural }) =>
    store.list(plural).every((object) => object.metadata.namespace !== namespace),
  );
}

function checkPreconditions(
  kind: Kind,
  { metadata }: KubeObject,
  wanted: { uid?: string | undefined; resourceVersion?: string | undefined },
): void {
  for (const [field, label] of [
    ['uid', 'UID'],
    ['resourceVersion', 'ResourceVersion'],
  ] as const) {
    const value = wanted[field];
    if (value === undefined || value === metadata[field]) continue;
    const why = `Precondition failed: ${label} in precondition: ${value}, ${label} in object meta: ${metadata[field]}`;
    throw conflict(kind, metadata.name, why);
  }
}

function success(kind: Kind, { metadata }: KubeObject): Status {
  const details = defined({ ...detailsOf(kind, metadata.name), uid: metadata.uid });
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
