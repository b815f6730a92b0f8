import { isDeepStrictEqual } from 'node:util';
import { groupVersion, type Kind } from './kinds.ts';
import { type KubeObject, objectSchema, type Store } from './store.ts';
import { APPLY_PATCH, applyPatch, type Patch } from './patch.ts';
import { prepareCreate, prepareDelete, prepareUpdate } from './prepare.ts';
import { admitWrite, type Call, type Cluster, currentObject, present } from './request.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  detailsOf,
  forbidden,
  invalid,
  invalidOptions,
  notFound,
  type Status,
  StatusError,
} from './status.ts';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';

/** How often a write is repeated when another one got in between, as GuaranteedUpdate does. */
const MAX_WRITE_ATTEMPTS = 5;

/** POST: creates the object, or says why not; a dry run is judged and not stored. */
export async function createObject(cluster: Cluster, call: Call, body: unknown): Promise<Response> {
  const { kind, request, target } = call;
  const object = readObject(call, body);
  const namespace = target.namespace ?? '';
  if (object.metadata.resourceVersion !== undefined) {
    const message = 'resourceVersion should not be set on objects to be created';
    throw new StatusError(500, 'InternalError', message);
  }
  const created = prepareCreate(kind, object, { namespace, now: cluster.clock() });
  const { name } = created.metadata;
  if (kind.namespaced) checkNamespace(cluster.store, kind, namespace, name);
  await admitWrite(cluster, call, { operation: 'CREATE', object: created });
  if (cluster.store.get(kind.plural, namespace, name) !== undefined)
    throw alreadyExists(kind, name);
  if (request.dryRun) return answer(call, created, 201);
  const stored = cluster.store.commit(kind.plural, undefined, created);
  if (stored === undefined) throw alreadyExists(kind, name);
  return answer(call, stored, 201);
}

/** PUT: replaces the object; custom resources must name the version that they replace. */
export async function updateObject(cluster: Cluster, call: Call, body: unknown): Promise<Response> {
  const { kind } = call;
  const object = readObject(call, body);
  const { name, resourceVersion } = object.metadata;
  if (kind.custom && (resourceVersion ?? '') === '' && currentObject(cluster, call) !== undefined) {
    const text = 'Invalid value: 0x0: must be specified for an update';
    throw invalid({ ...kind, kind: kind.plural }, name, 'metadata.resourceVersion', text);
  }
  return replaceObject(cluster, call, () => object);
}

/** PATCH: changes what is stored now; server-side apply creates what is not there. */
export async function patchObject(cluster: Cluster, call: Call, patch: Patch): Promise<Response> {
  const { request, target } = call;
  const applies = patch.type === APPLY_PATCH;
  if (applies && !request.query.has('fieldManager')) {
    const text = 'Required value: is required for apply patch';
    throw invalidOptions('PatchOptions', 'fieldManager', text);
  }
  const create =
    applies && target.subresource === undefined && currentObject(cluster, call) === undefined;
  if (create) return createObject(cluster, call, patch.body);
  return replaceObject(cluster, call, (old) => {
    // A resourceVersion counts only where the patch names one; apply has no need to.
    const { resourceVersion: _, ...metadata } = old.metadata;
    return readObject(call, applyPatch({ ...old, metadata }, patch));
  });
}

async function replaceObject(
  cluster: Cluster,
  call: Call,
  change: (old: KubeObject) => KubeObject,
): Promise<Response> {
  const { kind, request, target } = call;
  const name = target.name ?? '';
  for (let attempt = 0; attempt < MAX_WRITE_ATTEMPTS; attempt += 1) {
    const old = currentObject(cluster, call);
    if (old === undefined) throw notFound(kind, name);
    const wanted = change(present(call, old));
    checkVersion(kind, old, wanted);
    const object = prepareUpdate(kind, old, wanted, target.subresource);
    const operation = { operation: 'UPDATE', object, oldObject: old } as const;
    await admitWrite(cluster, call, operation);
    if (isDeepStrictEqual(object, old)) return answer(call, old);
    if (request.dryRun) return answer(call, object);
    const stored = cluster.store.commit(kind.plural, old, object);
    if (stored !== undefined) {
      finishDeletion(cluster.store, kind.plural, stored);
      return answer(call, stored);
    }
  }
  throw conflict(kind, name);
}

function answer(call: Call, object: KubeObject, status = 200): Response {
  return Response.json(present(call, object), { status });
}

function checkVersion(kind: Kind, old: KubeObject, wanted: KubeObject): void {
  const { name, uid, resourceVersion } = wanted.metadata;
  if (uid !== undefined && uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
    throw conflict(kind, name, why);
  }
  if (resourceVersion === undefined || resourceVersion === '') return;
  if (resourceVersion !== old.metadata.resourceVersion) throw conflict(kind, name);
}

function readObject({ kind, target }: Call, body: unknown): KubeObject {
  const parsed = objectSchema.safeParse(body);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.') ?? '';
    throw badRequest(`${kind.kind} in version "${target.version}" cannot be handled: ${place}`);
  }
  const object = parsed.data;
  const expected = groupVersion(kind.group, target.version);
  if (kind.custom && object.apiVersion === expected && object.kind !== kind.kind) {
    const text = `Invalid value: "${object.kind}": must be ${kind.kind}`;
    throw invalid({ ...kind, kind: object.kind }, object.metadata.name, 'kind', text);
  }
  if (object.kind !== kind.kind || object.apiVersion !== expected) {
    const got = `${object.apiVersion}, Kind=${object.kind}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): got ${got}, expected ${expected}`,
    );
  }
  const { metadata } = object;
  if (target.name !== undefined) metadata.name ||= target.name;
  if (target.name !== undefined && metadata.name !== target.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`,
    );
  }
  if (kind.namespaced && (metadata.namespace ?? target.namespace) !== target.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  return object;
}

function checkNamespace(store: Store, kind: Kind, namespace: string, name: string): void {
  const found = store.get('namespaces', '', namespace);
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(kind, name, why);
}

const optionsSchema = z.looseObject({
  dryRun: z.array(z.string()).nullish(),
  preconditions: z
    .looseObject({ uid: z.string(), resourceVersion: z.string() })
    .partial()
    .nullish(),
});

const contents = ['rootsyncs', 'reposyncs', 'configmaps', 'secrets', 'events'];

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
  const object = cluster.store.get(kind.plural, target.namespace ?? '', name);
  if (object === undefined) throw notFound(kind, name);
  checkPreconditions(kind, object, preconditions ?? {});
  const dry = request.dryRun || dryRun?.includes('All') === true;
  const asked = { ...call, request: { ...request, dryRun: dry } };
  await admitWrite(cluster, asked, { operation: 'DELETE', oldObject: object });
  if (dry) return success(kind, object);
  if (kind.kind === 'Namespace') emptyNamespace(cluster, name);
  if (!isHeld(cluster.store, object)) {
    removeNow(cluster.store, kind.plural, object);
    return success(kind, object);
  }
  if (object.metadata.deletionTimestamp !== undefined) return object;
  const deleting = prepareDelete(kind, object, cluster.clock());
  const stored = cluster.store.commit(kind.plural, object, deleting);
  if (stored === undefined) throw conflict(kind, name);
  return stored;
}

/** Removes an object whose deletion began, once no finalizer holds it any more. */
function finishDeletion(store: Store, plural: string, object: KubeObject): void {
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
  for (const plural of contents) {
    for (const object of cluster.store.list(plural)) {
      if (object.metadata.namespace !== namespace) continue;
      if (!isHeld(cluster.store, object)) cluster.store.commit(plural, object);
      else if (object.metadata.deletionTimestamp === undefined) {
        const custom = plural.endsWith('syncs');
        cluster.store.commit(plural, object, prepareDelete({ custom }, object, cluster.clock()));
      }
    }
  }
}

function isEmpty(store: Store, namespace: string): boolean {
  return contents.every((plural) =>
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
