import { isDeepStrictEqual } from 'node:util';
import { defined } from '#shared/core/defined.ts';
import { showObject } from './forms.ts';
import { groupVersion, type Kind } from './kinds.ts';
import { recordApply, recordUpdate, type Writer } from './managed-fields.ts';
import { APPLY_PATCH, applyPatch, type Patch } from './patch.ts';
import { beginObject, prepareCreate, prepareUpdate } from './prepare.ts';
import { readObject, type Sent } from './read-object.ts';
import { finishDeletion } from './remove.ts';
import { admitWrite, type Call, type Cluster, currentObject, present } from './request.ts';
import { schemaOf } from './schemas.ts';
import { isRecord, type KubeObject, type Store, valueAt } from './store.ts';
import { dropUnknownFields } from './unknown-fields.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
  StatusError,
} from './status.ts';

/** How often a write is repeated when another one got in between, as GuaranteedUpdate does. */
const MAX_WRITE_ATTEMPTS = 5;

/** POST: creates the object, or says why not; a dry run is judged and not stored. */
export async function createObject(cluster: Cluster, call: Call, body: unknown): Promise<Response> {
  const sent = readObject(call, body);
  return storeNew(cluster, call, sent, (object) =>
    recordUpdate(writerOf(cluster, call), undefined, object),
  );
}

/** PUT: replaces the object; custom resources must name the version that they replace. */
export async function updateObject(cluster: Cluster, call: Call, body: unknown): Promise<Response> {
  const { kind } = call;
  const sent = readObject(call, body);
  const { name, resourceVersion } = sent.object.metadata;
  if (kind.custom && (resourceVersion ?? '') === '' && currentObject(cluster, call) !== undefined) {
    const text = 'Invalid value: 0x0: must be specified for an update';
    throw invalid({ ...kind, kind: kind.plural }, name, 'metadata.resourceVersion', text);
  }
  return replaceObject(cluster, call, () => sent);
}

/** PATCH: changes what is stored now; server-side apply creates what is not there. */
export async function patchObject(cluster: Cluster, call: Call, patch: Patch): Promise<Response> {
  if (patch.type === APPLY_PATCH) return applyObject(cluster, call, patch.body);
  return replaceObject(cluster, call, (old) => readObject(call, applyPatch(call.kind, old, patch)));
}

async function applyObject(cluster: Cluster, call: Call, body: unknown): Promise<Response> {
  const { request, target } = call;
  const force = ['true', '1'].includes(request.query.get('force') ?? '');
  checkDeclared(call, body);
  const { object: applied, warnings } = readObject(call, body);
  const apply = (live?: KubeObject): KubeObject =>
    recordApply(writerOf(cluster, call), live, applied, force);
  const applyToThere = (): Promise<Response> =>
    replaceObject(
      cluster,
      call,
      (old) => ({ object: apply(old), warnings }),
      (_, object, wanted) => withManagersOf(object, wanted),
    );
  if (target.subresource !== undefined || currentObject(cluster, call) !== undefined) {
    return applyToThere();
  }
  return storeNew(cluster, call, { object: applied, warnings }, (object) =>
    withManagersOf(object, apply()),
  ).catch((error: unknown) => {
    // Another caller created it meanwhile.
    if (error instanceof StatusError && error.status.reason === 'AlreadyExists')
      return applyToThere();
    throw error;
  });
}

// An apply says its type itself, and is typed by the schema whatever the client asks of validation.
function checkDeclared({ kind, target }: Call, body: unknown): void {
  const { apiVersion = '', kind: named = '' } = isRecord(body) ? body : {};
  if (apiVersion === '' || named === '') throw badRequest('invalid object type: /, Kind=');
  if (kind.custom && apiVersion !== groupVersion(kind.group, target.version)) {
    throw badRequest(`invalid object type: ${String(apiVersion)}, Kind=${String(named)}`);
  }
  const [field] = dropUnknownFields(schemaOf(kind), body).unknown;
  if (field === undefined) return;
  const namespace = valueAt(body, 'metadata.namespace');
  const place = `${typeof namespace === 'string' ? namespace : ''}/${target.name}`;
  const type = `${kind.group}/${target.version}, Kind=${kind.kind}`;
  const why = `failed to create typed patch object (${place}; ${type}): .${field}: field not declared in schema`;
  throw new StatusError(500, '', why);
}

async function storeNew(
  cluster: Cluster,
  call: Call,
  { object, warnings }: Sent,
  manage: (object: KubeObject) => KubeObject,
): Promise<Response> {
  const { kind, request, target } = call;
  const namespace = target.namespace ?? '';
  if (object.metadata.resourceVersion !== undefined) {
    const message = 'resourceVersion should not be set on objects to be created';
    throw new StatusError(500, 'InternalError', message);
  }
  const prepared = prepareCreate(kind, object, { namespace, now: cluster.clock() });
  const created = beginObject(kind, manage(prepared));
  const { name } = created.metadata;
  if (kind.namespaced) checkNamespace(cluster.store, kind, namespace, name);
  await admitWrite(cluster, call, { operation: 'CREATE', object: created });
  const there = cluster.store.get(kind.plural, namespace, name);
  if (there !== undefined)
    throw alreadyExists(kind, name, there.metadata.deletionTimestamp !== undefined);
  if (request.dryRun) return answer(cluster, call, created, warnings, 201);
  const stored = cluster.store.commit(kind.plural, undefined, created);
  if (stored === undefined) throw alreadyExists(kind, name);
  return answer(cluster, call, stored, warnings, 201);
}

async function replaceObject(
  cluster: Cluster,
  call: Call,
  change: (old: KubeObject) => Sent,
  manage = (old: KubeObject, object: KubeObject, wanted: KubeObject): KubeObject =>
    recordUpdate(writerOf(cluster, call), old, withManagersOf(object, wanted)),
): Promise<Response> {
  const { kind, request, target } = call;
  const name = target.name ?? '';
  for (let attempt = 0; attempt < MAX_WRITE_ATTEMPTS; attempt += 1) {
    const old = currentObject(cluster, call);
    if (old === undefined) throw notFound(kind, name);
    const { object: wanted, warnings } = change(present(call, old));
    checkVersion(kind, old, wanted);
    const object = manage(old, prepareUpdate(kind, old, wanted, target.subresource), wanted);
    const operation = { operation: 'UPDATE', object, oldObject: old } as const;
    await admitWrite(cluster, call, operation);
    if (isDeepStrictEqual(object, old)) return answer(cluster, call, old, warnings);
    if (request.dryRun) return answer(cluster, call, object, warnings);
    const stored = cluster.store.commit(kind.plural, old, object);
    if (stored !== undefined) {
      finishDeletion(cluster.store, kind.plural, stored);
      return answer(cluster, call, stored, warnings);
    }
  }
  throw conflict(kind, name);
}

function writerOf(cluster: Cluster, { kind, request, target }: Call): Writer {
  return {
    schema: schemaOf(kind),
    manager: request.fieldManager,
    apiVersion: groupVersion(kind.group, target.version),
    served: kind.versions.map((version) => groupVersion(kind.group, version)),
    subresource: target.subresource,
    now: cluster.clock(),
  };
}

function withManagersOf(object: KubeObject, other: KubeObject): KubeObject {
  const { managedFields } = other.metadata;
  return { ...object, metadata: defined({ ...object.metadata, managedFields }) };
}

function answer(
  { clock }: Cluster,
  call: Call,
  object: KubeObject,
  warnings: readonly string[],
  status = 200,
): Response {
  const type: [string, string] = ['content-type', 'application/json'];
  const headers = [type, ...warnings.map(warningHeader)];
  // As bytes: what Node sends with a text, it encodes with it, and the headers are encoded already.
  const body = Buffer.from(JSON.stringify(showObject(call, object, clock())));
  return new Response(body, { status, headers });
}

// In UTF-8, as client-go reads it: the Fetch standard has one byte for each letter of a header.
function warningHeader(text: string): [string, string] {
  return ['warning', Buffer.from(`299 - ${JSON.stringify(text)}`).toString('latin1')];
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

function checkNamespace(store: Store, kind: Kind, namespace: string, name: string): void {
  const found = store.get('namespaces', '', namespace);
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(kind, name, why);
}
