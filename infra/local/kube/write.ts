import { isDeepStrictEqual } from 'node:util';
import { groupVersion, type Kind } from './kinds.ts';
import { MAX_WRITE_ATTEMPTS } from './limits.ts';
import { type KubeObject, objectSchema, type Store } from './store.ts';
import { APPLY_PATCH, applyPatch, type Patch } from './patch.ts';
import { prepareCreate, prepareUpdate } from './prepare.ts';
import { finishDeletion } from './remove.ts';
import { admitWrite, type Call, currentObject, present, type Cluster } from './request.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  invalidOptions,
  namespaceNotFound,
  notFound,
  StatusError,
} from './status.ts';

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
  if (found === undefined) throw namespaceNotFound(namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(kind, name, why);
}
