import { isDeepStrictEqual } from 'node:util';
import { APPROVED, BREAK_GLASS, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { type Decision, admit, refuse } from './decision.ts';
import { MAX_VALUE } from './limits.ts';
import { isMovedChart } from './moved-source.ts';
import { type AdmissionRequest, type SyncObject, objectSchema, requestSchema } from './schema.ts';

/** A write that announces an image: what has to be verified. */
export interface Announcement {
  /** `image-to-sync` as it is to become. */
  readonly value: string;
  /** It is what it was. */
  readonly stays: boolean;
  readonly object: SyncObject;
  /** Absent on CREATE. */
  readonly oldObject?: SyncObject;
}

export interface ClassifyOptions {
  /** What is done with a value that stays as it was. */
  readonly unchanged: 'admit' | 'verify';
}

const GROUP = 'configsync.gke.io';
const KINDS: ReadonlySet<string> = new Set(['RootSync', 'RepoSync']);
const RESOURCES: ReadonlySet<string> = new Set(['rootsyncs', 'reposyncs']);

/**
 * What a request is about, before anything is asked of a registry (docs/adr/0013):
 *
 * - other kinds, DELETE and CONNECT store no `image-to-sync`, so they pass: a webhook that is registered too widely
 *   must not stop a cluster;
 * - an operation that nobody knows is refused, for nobody can say what it stores;
 * - subresources are looked at like the object: one that keeps the annotations as they are passes as unchanged;
 * - CREATE counts as a change, for an annotation that is set beforehand is never changed afterwards;
 * - removal passes: it announces nothing. Config Sync removes the annotation itself when the source becomes git, and
 *   writes it anew before it syncs, which is a change, whoever had removed it. An empty value is the same;
 * - what stays as it was passes, unless the config wants it verified again, or the same value means another chart now;
 * - an object on its way out passes where its finalizers change and nothing else that is judged, or they would wait for
 *   a registry; every other write is looked at, for Config Sync goes on syncing while a finalizer of another stays. The
 *   old object's timestamp counts: clients can write anything into the new one.
 */
export function classify(foreign: unknown, options: ClassifyOptions): Decision | Announcement {
  const request = requestSchema.safeParse(foreign).data;
  if (request === undefined) {
    return refuse('unreadable', 'The request of the review has a wrong shape');
  }
  if (!isAboutSync(request)) return admit('not-an-rsync');
  const { operation } = request;
  if (operation === 'DELETE' || operation === 'CONNECT') return admit('not-a-write');
  if (operation !== 'CREATE' && operation !== 'UPDATE') {
    return refuse('unreadable', 'Only CREATE, UPDATE, DELETE and CONNECT are understood');
  }
  const object = objectSchema.safeParse(request.object).data;
  const old = readOld(request);
  if (object === undefined || old === 'unreadable' || !isSync(object)) {
    return refuse('unreadable', 'The object of the review is not a RootSync or RepoSync');
  }
  if (old !== undefined && isFinalizing(object, old)) return admit('deleting');
  return compare(object, old, options);
}

function compare(
  object: SyncObject,
  oldObject: SyncObject | undefined,
  { unchanged }: ClassifyOptions,
): Decision | Announcement {
  const value = valueOf(object);
  const before = oldObject === undefined ? undefined : valueOf(oldObject);
  if (value === undefined || value === '') {
    return admit(before === undefined || before === '' ? 'absent' : 'removed');
  }
  if (typeof value !== 'string' || value.length > MAX_VALUE) {
    return refuse(
      'unreadable',
      `Annotation ${IMAGE_TO_SYNC} is not a text of at most ${MAX_VALUE} characters`,
    );
  }
  const stays = value === before;
  if (stays && unchanged === 'admit' && !isMovedChart(object, oldObject)) return admit('unchanged');
  return { value, stays, object, ...(oldObject === undefined ? {} : { oldObject }) };
}

/** As the gate's variable `finalizing` has it. */
function isFinalizing(object: SyncObject, old: SyncObject): boolean {
  const { deletionTimestamp, finalizers } = old.metadata;
  if (typeof deletionTimestamp !== 'string') return false;
  if (isDeepStrictEqual(object.metadata.finalizers ?? [], finalizers ?? [])) return false;
  const kept = [IMAGE_TO_SYNC, APPROVED, RECEIPT, BREAK_GLASS].every((key) =>
    isDeepStrictEqual(annotationOf(object, key), annotationOf(old, key)),
  );
  return kept && isDeepStrictEqual(object.spec, old.spec);
}

/** Whichever of the request's own words says so: where they differ, it is taken for what is guarded. */
function isAboutSync({ kind, resource, subResource, object }: AdmissionRequest): boolean {
  if (kind.group === GROUP && KINDS.has(kind.kind)) return true;
  // What is written to a subresource can be of another kind, and is no RSync then.
  const whole = subResource === undefined || subResource === null || subResource === '';
  if (whole && resource.group === GROUP && RESOURCES.has(resource.resource)) return true;
  const read = objectSchema.safeParse(object).data;
  return read !== undefined && isSync(read);
}

function isSync({ apiVersion, kind }: SyncObject): boolean {
  return apiVersion.startsWith(`${GROUP}/`) && KINDS.has(kind);
}

/** On CREATE there is none; on UPDATE one that cannot be read is no reason to believe that nothing changed. */
function readOld({
  operation,
  oldObject,
}: AdmissionRequest): SyncObject | undefined | 'unreadable' {
  if (operation === 'CREATE' || oldObject === undefined || oldObject === null) return undefined;
  return objectSchema.safeParse(oldObject).data ?? 'unreadable';
}

function valueOf(object: SyncObject): unknown {
  return annotationOf(object, IMAGE_TO_SYNC);
}

function annotationOf({ metadata: { annotations } }: SyncObject, key: string): unknown {
  return annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}
