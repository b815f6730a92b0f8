import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { readSource } from '#shared/configsync/read-source.ts';
import { defined } from '#shared/core/defined.ts';
import { APPROVED, BREAK_GLASS, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { type Decision, admit, refuse } from './decision.ts';
import { MAX_VALUE } from './limits.ts';

const kindSchema = z.object({
  group: z.string(),
  version: z.string().default(''),
  kind: z.string(),
});
const resourceSchema = z.object({ group: z.string(), resource: z.string() });

const requestSchema = z.object({
  kind: kindSchema,
  resource: resourceSchema,
  subResource: z.string().nullish(),
  operation: z.string(),
  userInfo: z.object({ username: z.string().optional() }).nullish(),
  object: z.unknown().optional(),
  oldObject: z.unknown().optional(),
});

type AdmissionRequest = z.infer<typeof requestSchema>;

const metadataSchema = z.object({
  name: z.string().nullish(),
  namespace: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  /** What is no list counts as none. */
  finalizers: z.array(z.string()).nullish().catch(null),
  annotations: z.looseObject({}).nullish(),
});

/** A RootSync or RepoSync, old or new; on CREATE it may have no name yet. */
const objectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.unknown().optional(),
  status: z
    .object({ lastSyncedCommit: z.string().optional().catch(undefined) })
    .nullish()
    .catch(null),
});

export type SyncObject = z.infer<typeof objectSchema>;

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
 * - an operation that is not known is refused, for so is what it stores;
 * - subresources are looked at like the object: one that keeps the annotations as they are passes as unchanged;
 * - CREATE counts as a change, for an annotation that is set beforehand is never changed afterwards;
 * - removal passes: it announces nothing. Config Sync removes the annotation itself when the source becomes git, and
 *   writes it anew before it syncs, which is a change, whatever had removed it. An empty value is the same;
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
  const before = oldObject && valueOf(oldObject);
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
  return { value, stays, object, ...defined({ oldObject }) };
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

/** Whether an update makes the object follow another source than the old one did. */
export function isMovedSource(object: SyncObject, oldObject: SyncObject | undefined): boolean {
  if (oldObject === undefined) return false;
  return !isDeepStrictEqual(readSource(object.spec), readSource(oldObject.spec));
}

/**
 * Whether it follows another chart now. Of a chart the value of `image-to-sync` tells repository and version, and not
 * which chart (docs/facts/config-sync.md#image-to-sync): the same value then means another chart, and Config Sync announces it
 * as one that stays as it was.
 */
function isMovedChart(object: SyncObject, oldObject: SyncObject | undefined): boolean {
  return readSource(object.spec).type === 'helm' && isMovedSource(object, oldObject);
}
