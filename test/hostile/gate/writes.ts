import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import type { Place, Write } from './attack.ts';

type Annotations = Readonly<Record<string, string | null>>;

/** A new object. */
export function create(object: RSyncManifest): Write {
  return { how: 'create', object, at: object };
}

/** A PUT of the whole object over what is there. */
export function replace(object: RSyncManifest): Write {
  return { how: 'replace', object, at: object };
}

/** A merge patch (RFC 7396). */
export function merge(at: Place, body: unknown): Write {
  return { how: 'merge', body, at };
}

/** A merge patch of annotations alone, as Config Sync and Countersign send. */
export function annotate(at: Place, annotations: Annotations): Write {
  return merge(at, { metadata: { annotations } });
}

/** A JSON patch (RFC 6902). */
export function json(at: Place, ...operations: readonly object[]): Write {
  return { how: 'json', body: operations, at };
}

/** A server-side apply with force, which also creates. */
export function apply(at: Place, body: object): Write {
  const { apiVersion, kind, metadata } = at;
  const { name, namespace } = metadata;
  const own = 'metadata' in body && typeof body.metadata === 'object' ? body.metadata : {};
  return {
    how: 'apply',
    body: { apiVersion, kind, ...body, metadata: { ...own, name, namespace } },
    at,
  };
}

export function remove(at: Place): Write {
  return { how: 'delete', at };
}

/** The JSON pointer of an annotation. */
export function pointer(key: string): string {
  return `/metadata/annotations/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The same object in the other served version. */
export function alpha<T extends Place>(object: T): T {
  return { ...object, apiVersion: 'configsync.gke.io/v1alpha1' };
}

/** The same object with these annotations and no others. */
export function annotated(
  object: RSyncManifest,
  annotations: Readonly<Record<string, string>>,
): RSyncManifest {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Every way to write annotations onto an object that has none of them yet, by name. */
export function waysToAdd(
  object: RSyncManifest,
  added: Readonly<Record<string, string>>,
): readonly (readonly [way: string, write: Write])[] {
  const whole = { ...object.metadata.annotations, ...added };
  const operations = Object.entries(added).map(([key, value]) => {
    return { op: 'add', path: pointer(key), value };
  });
  return [
    ['put', replace(annotated(object, whole))],
    ['merge', annotate(object, added)],
    ['json', json(object, ...operations)],
    ['json-whole', json(object, { op: 'replace', path: '/metadata/annotations', value: whole })],
    ['apply', apply(object, { metadata: { annotations: added } })],
  ];
}

/** Every way to bring an object into being with these annotations, by name. */
export function waysToCreate(
  object: RSyncManifest,
  annotations: Readonly<Record<string, string>>,
): readonly (readonly [way: string, write: Write])[] {
  const whole = annotated(object, annotations);
  const { name, ...unnamed } = whole.metadata;
  return [
    ['create', create(whole)],
    ['create-dry', { ...create(whole), dryRun: true }],
    ['create-generated', { how: 'create', object: generated(whole, unnamed, name), at: object }],
    ['create-apply', apply(whole, { metadata: whole.metadata, spec: whole.spec })],
  ];
}

function generated(object: RSyncManifest, metadata: object, prefix: string): object {
  return { ...object, metadata: { ...metadata, generateName: `${prefix}-` } };
}
