import { randomInt, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { defined } from '#shared/core/defined.ts';
import { findBadChanges, findBadContents } from './contents.ts';
import { groupVersion, type Kind } from './kinds.ts';
import { findBadKeys, findBadName, findBadOwners } from './names.ts';
import { schemaOf } from './schemas.ts';
import { isRecord, type KubeObject, type Metadata, objectSchema, timestamp } from './store.ts';
import { type Cause, invalid, invalidFields } from './status.ts';
import { dropNulls } from './unknown-fields.ts';
import { validateSchema } from './validate.ts';

/** The real API server's cap on all annotations of one object, keys and values: 256 KiB. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

/** A new object as it will be stored: system fields set, status dropped, validated. */
export function prepareCreate(
  kind: Kind,
  object: KubeObject,
  place: { namespace: string; now: Date },
): KubeObject {
  const { metadata } = object;
  const name = metadata.name === '' ? generateName(metadata) : metadata.name;
  const created = withDefaults(kind, {
    ...object,
    apiVersion: groupVersion(kind.group, kind.versions[0]),
    metadata: defined({
      name,
      generateName: metadata.generateName,
      namespace: kind.namespaced ? place.namespace : undefined,
      uid: randomUUID(),
      creationTimestamp: timestamp(place.now),
      generation: kind.custom ? 1 : undefined,
      ...writableMetadata(metadata),
    }),
  });
  if (kind.custom) delete created['status'];
  if (kind.kind === 'Namespace') nameNamespace(created);
  checkObject(kind, created);
  return created;
}

/** What the server adds to a new object after its managers are recorded: the state of a namespace. */
export function beginObject(kind: Kind, created: KubeObject): KubeObject {
  if (kind.kind !== 'Namespace') return created;
  return { ...created, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
}

/** The object after an update of its main resource, or of `status` only. */
export function prepareUpdate(
  kind: Kind,
  old: KubeObject,
  next: KubeObject,
  subresource: string | undefined,
): KubeObject {
  if (subresource === 'status') {
    const { status: _, ...rest } = old;
    if (next['status'] === undefined) return rest;
    const changed = { ...rest, status: next['status'] };
    const causes = validateSchema(kind, changed);
    if (causes.length > 0) throw invalidFields(kind, old.metadata.name, causes);
    return changed;
  }
  checkImmutable(kind, old.metadata, next.metadata);
  const updated = withDefaults(kind, {
    ...next,
    apiVersion: groupVersion(kind.group, kind.versions[0]),
    metadata: defined({ ...old.metadata, ...writableMetadata(next.metadata) }),
  });
  if (kind.custom) {
    delete updated['status'];
    if (old['status'] !== undefined) updated['status'] = old['status'];
    if (!sameSpec(old, updated)) bumpGeneration(updated);
  }
  if (kind.kind === 'Namespace') {
    nameNamespace(updated);
    // The namespace's own controller writes these, through subresources that are not served.
    Object.assign(updated, defined({ spec: old['spec'], status: old['status'] }));
  }
  const frozen = checkFinalizers(old.metadata, next.metadata);
  checkObject(kind, updated, [...frozen, ...findBadChanges(kind, old, updated)]);
  return kind.custom ? objectSchema.parse(dropNulls(schemaOf(kind), updated)) : updated;
}

/** The object with its deletion begun; the generation counts that too, as the real one's does. */
export function prepareDelete(
  kind: Pick<Kind, 'custom'>,
  object: KubeObject,
  now: Date,
): KubeObject {
  const deletion = { deletionTimestamp: timestamp(now), deletionGracePeriodSeconds: 0 };
  const deleting = { ...object, metadata: { ...object.metadata, ...deletion } };
  if (kind.custom) bumpGeneration(deleting);
  return object.kind === 'Namespace' ? { ...deleting, status: { phase: 'Terminating' } } : deleting;
}

// What a client may write; everything else in metadata belongs to the server.
function writableMetadata({ labels, annotations, finalizers, ownerReferences }: Metadata) {
  return {
    labels: unlessEmpty(labels),
    annotations: unlessEmpty(annotations),
    finalizers: unlessEmpty(finalizers),
    ownerReferences: unlessEmpty(ownerReferences),
  };
}

function unlessEmpty<T extends object>(value: T | undefined): T | undefined {
  return value === undefined || Object.keys(value).length === 0 ? undefined : value;
}

function checkImmutable(kind: Kind, old: Metadata, next: Metadata): void {
  for (const field of ['creationTimestamp', 'deletionTimestamp'] as const) {
    const value = next[field];
    if (value === undefined || isSameTime(value, old[field])) continue;
    const text = `Invalid value: ${JSON.stringify(value)}: field is immutable`;
    throw invalid(kind, old.name, `metadata.${field}`, text);
  }
}

// An object that is being deleted is held by what held it then.
function checkFinalizers(old: Metadata, next: Metadata): Cause[] {
  if (old.deletionTimestamp === undefined) return [];
  const added = (next.finalizers ?? []).filter((entry) => !old.finalizers?.includes(entry));
  if (added.length === 0) return [];
  const list = `[]string{${added.map((entry) => JSON.stringify(entry)).join(', ')}}`;
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  return [{ reason: 'FieldValueForbidden', message, field: 'metadata.finalizers' }];
}

// Clients write a time back in forms of their own: with an offset, or with fractions.
function isSameTime(value: string, old: string | undefined): boolean {
  return old !== undefined && Date.parse(value) === Date.parse(old);
}

function sameSpec(old: KubeObject, next: KubeObject): boolean {
  const { metadata: _om, status: _os, ...before } = old;
  const { metadata: _nm, status: _ns, ...after } = next;
  return isDeepStrictEqual(before, after);
}

function bumpGeneration(object: KubeObject): void {
  object.metadata = { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 };
}

// Go leaves out what is empty of its own kinds, and knows the type of a Secret.
function withoutEmptyMaps(kind: Kind, object: KubeObject): KubeObject {
  const kept = { ...object };
  for (const field of ['data', 'binaryData']) {
    const value = kept[field];
    if (value === null || (isRecord(value) && Object.keys(value).length === 0)) delete kept[field];
  }
  return kind.kind === 'Secret' ? { ...kept, type: kept['type'] ?? 'Opaque' } : kept;
}

// The CRD's default (docs/facts/config-sync.md#api); other defaults are set by Config Sync's code.
function withDefaults(kind: Kind, object: KubeObject): KubeObject {
  if (!kind.custom) return withoutEmptyMaps(kind, object);
  const { spec } = object;
  if (!isRecord(spec) || spec['sourceType'] !== undefined) return object;
  return { ...object, spec: { ...spec, sourceType: 'git' } };
}

function checkObject(kind: Kind, object: KubeObject, others: readonly Cause[] = []): void {
  const { name, annotations = {} } = object.metadata;
  if (name === '') {
    const text = 'Required value: name or generateName is required';
    throw invalid(kind, '', 'metadata.name', text);
  }
  const bytes = Buffer.byteLength(Object.entries(annotations).flat().join(''));
  if (bytes > MAX_ANNOTATION_BYTES) {
    const text = `Too long: may not be more than ${MAX_ANNOTATION_BYTES} bytes`;
    throw invalid(kind, name, 'metadata.annotations', text);
  }
  const { metadata } = object;
  const named = [findBadName(kind, metadata), findBadKeys(kind, metadata), findBadOwners(metadata)];
  const causes = [
    ...named.flat(),
    ...findBadContents(kind, object),
    ...others,
    ...validateSchema(kind, object),
  ];
  if (causes.length > 0) throw invalidFields(kind, name, causes);
}

function nameNamespace(object: KubeObject): void {
  const { name, labels } = object.metadata;
  object.metadata.labels = { ...labels, 'kubernetes.io/metadata.name': name };
}

// `names.SimpleNameGenerator` of apiserver.
const SUFFIX_LENGTH = 5;
const LONGEST_PREFIX = 63 - SUFFIX_LENGTH;
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

function generateName({ generateName: prefix = '' }: Metadata): string {
  if (prefix === '') return '';
  const suffix = Array.from(
    { length: SUFFIX_LENGTH },
    () => SUFFIX_LETTERS[randomInt(SUFFIX_LETTERS.length)],
  );
  return prefix.slice(0, LONGEST_PREFIX) + suffix.join('');
}
