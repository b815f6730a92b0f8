import { isDeepStrictEqual } from 'node:util';
import { groupVersion, type Kind } from './kinds.ts';
import { MAX_WRITE_ATTEMPTS } from './limits.ts';
import { type KubeObject, objectSchema, type Store } from './store.ts';
import { APPLY_PATCH, applyPatch, type Patch } from './patch.ts';
import { prepareCreate, prepareUpdate } from './prepare.ts';
import { finishDeletion } from './remove.ts';
import { type Call, currentObject, present, type World, type KubeRequest } from './request.ts';
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
  type Cause,
  denied,
} from './status.ts';

export interface Written {
  code: 200 | 201;
  object: KubeObject;
}

/** POST: creates the object, or says why not; a dry run is judged and not stored. */
export async function createObject(world: World, call: Call, body: unknown): Promise<Written> {
  const { kind, request, target } = call;
  const object = readObject(call, body);
  const namespace = target.namespace ?? '';
  if (object.metadata.resourceVersion !== undefined) {
    const message = 'resourceVersion should not be set on objects to be created';
    throw new StatusError(500, 'InternalError', message);
  }
  const created = prepareCreate(kind, object, { namespace, now: world.clock() });
  const { name } = created.metadata;
  if (kind.namespaced) checkNamespace(world.store, kind, namespace, name);
  await admitWrite(world.admit, kind, request, { operation: 'CREATE', object: created });
  if (world.store.get(kind.plural, namespace, name) !== undefined) throw alreadyExists(kind, name);
  if (request.dryRun) return { code: 201, object: created };
  const stored = world.store.commit(kind.plural, undefined, created);
  if (stored === undefined) throw alreadyExists(kind, name);
  return { code: 201, object: stored };
}

/** PUT: replaces the object; custom resources must name the version that they replace. */
export async function updateObject(world: World, call: Call, body: unknown): Promise<Written> {
  const { kind } = call;
  const object = readObject(call, body);
  const { name, resourceVersion } = object.metadata;
  if (kind.custom && (resourceVersion ?? '') === '' && currentObject(world, call) !== undefined) {
    const text = 'Invalid value: 0x0: must be specified for an update';
    throw invalid({ ...kind, kind: kind.plural }, name, 'metadata.resourceVersion', text);
  }
  return replaceObject(world, call, () => object);
}

/** PATCH: changes what is stored now; server-side apply creates what is not there. */
export async function patchObject(world: World, call: Call, patch: Patch): Promise<Written> {
  const { request, target } = call;
  const applies = patch.type === APPLY_PATCH;
  if (applies && !request.query.has('fieldManager')) {
    const text = 'Required value: is required for apply patch';
    throw invalidOptions('PatchOptions', 'fieldManager', text);
  }
  const create =
    applies && target.subresource === undefined && currentObject(world, call) === undefined;
  if (create) return createObject(world, call, patch.body);
  return replaceObject(world, call, (old) => {
    // A resourceVersion counts only where the patch names one; apply has no need to.
    const { resourceVersion: _, ...metadata } = old.metadata;
    return readObject(call, applyPatch({ ...old, metadata }, patch));
  });
}

async function replaceObject(
  world: World,
  call: Call,
  change: (old: KubeObject) => KubeObject,
): Promise<Written> {
  const { kind, request, target } = call;
  const name = target.name ?? '';
  for (let attempt = 0; attempt < MAX_WRITE_ATTEMPTS; attempt += 1) {
    const old = currentObject(world, call);
    if (old === undefined) throw notFound(kind, name);
    const wanted = change(present(call, old));
    checkVersion(kind, old, wanted);
    const object = prepareUpdate(kind, old, wanted, target.subresource);
    const operation = { operation: 'UPDATE', object, oldObject: old } as const;
    await admitWrite(world.admit, kind, request, operation);
    if (isDeepStrictEqual(object, old)) return { code: 200, object: old };
    if (request.dryRun) return { code: 200, object };
    const stored = world.store.commit(kind.plural, old, object);
    if (stored !== undefined) {
      finishDeletion(world.store, kind.plural, stored);
      return { code: 200, object: stored };
    }
  }
  throw conflict(kind, name);
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

/** What an admission plugin sees of one write, as AdmissionReview v1 has it. */
export interface AdmissionRequest {
  operation: 'CREATE' | 'UPDATE' | 'DELETE';
  user: string;
  group: string;
  plural: string;
  kind: string;
  namespace: string;
  name: string;
  subresource: string;
  dryRun: boolean;
  /** Absent on DELETE. */
  object?: KubeObject;
  /** Absent on CREATE. */
  oldObject?: KubeObject;
}

/** A refusal, with the whole message that the client reads. */
export interface Denial {
  code: number;
  reason: string;
  message: string;
  causes?: Cause[];
}

export type Admit = (request: AdmissionRequest) => Denial | undefined | Promise<Denial | undefined>;

/** Asks every plugin in turn; the first denial ends the request. No-op writes are asked too. */
export async function admitWrite(
  plugins: readonly Admit[],
  kind: Kind,
  request: KubeRequest,
  change: Pick<AdmissionRequest, 'operation' | 'object' | 'oldObject'>,
): Promise<void> {
  const { metadata } = change.object ?? change.oldObject ?? { metadata: { name: '' } };
  for (const admit of plugins) {
    const denial = await admit({
      ...change,
      user: request.user,
      group: kind.group,
      plural: kind.plural,
      kind: kind.kind,
      namespace: request.target?.namespace ?? '',
      name: metadata.name,
      subresource: request.target?.subresource ?? '',
      dryRun: request.dryRun,
    });
    if (denial !== undefined) throw denied(kind, metadata.name, denial);
  }
}
