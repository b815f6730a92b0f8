import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { readSource } from '#shared/configsync/read-source.ts';
import {
  APPROVED,
  BREAK_GLASS,
  HOLD,
  IMAGE_TO_SYNC,
  parseImageToSync,
  RECEIPT,
} from '#shared/core/annotations.ts';
import { isExactVersion } from '#shared/core/approval-key.ts';
import { defined } from '#shared/core/defined.ts';
import { type Digest, digestOfCommit } from '#shared/core/digest.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Source } from '#shared/core/rsync.ts';
import { type Decision, admit, refuse } from './decision.ts';

/** Of `image-to-sync`: the longest reference, an "@" and a digest or a version. */
const MAX_VALUE = 2 * 1024;
/** Of a tenant's text that a denial repeats. */
const MAX_SHOWN = 512;

const requestSchema = z.object({
  kind: z.object({ group: z.string(), version: z.string().optional(), kind: z.string() }),
  resource: z.object({ group: z.string(), resource: z.string() }),
  subResource: z.string().nullish(),
  operation: z.string(),
  userInfo: z.object({ username: z.string().optional() }).nullish(),
  object: z.unknown().optional(),
  oldObject: z.unknown().optional(),
});

/** A RootSync or RepoSync, old or new; on CREATE it may have no name yet. */
const objectSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string().nullish(),
    namespace: z.string().nullish(),
    deletionTimestamp: z.string().nullish(),
    /** What is no list counts as none. */
    finalizers: z.array(z.string()).nullish().catch(null),
    annotations: z.looseObject({}).nullish(),
  }),
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
 * - removal, and an empty value, pass: they announce nothing. Config Sync removes the annotation when the source becomes
 *   git, and writes it anew before it syncs, which is a change, whatever had removed it;
 * - what stays as it was passes, unless the config wants it verified again, or the same value means another chart now:
 *   of a chart the value has repository and version alone (docs/facts/config-sync.md#image-to-sync);
 * - an object on its way out passes where its finalizers change and nothing else that is judged, or they would wait for
 *   a registry; every other write is looked at, for Config Sync goes on syncing while a finalizer of another stays. The
 *   old object's timestamp counts: clients can write anything into the new one.
 *
 * `unchanged` is what is done with a value that stays as it was.
 */
export function classify(
  foreign: unknown,
  { unchanged }: { readonly unchanged: 'admit' | 'verify' },
): Decision | Announcement {
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
  const oldObject = readOld(request);
  if (object === undefined || oldObject === 'unreadable' || !isSync(object)) {
    return refuse('unreadable', 'The object of the review is not a RootSync or RepoSync');
  }
  if (oldObject !== undefined && isFinalizing(object, oldObject)) return admit('deleting');
  const value = annotationOf(object, IMAGE_TO_SYNC);
  const before = oldObject && annotationOf(oldObject, IMAGE_TO_SYNC);
  if (value === undefined || value === '') {
    return admit(before === undefined || before === '' ? 'absent' : 'removed');
  }
  if (typeof value !== 'string' || value.length > MAX_VALUE) {
    const problem = `is not a text of at most ${MAX_VALUE} characters`;
    return refuse('unreadable', `Annotation ${IMAGE_TO_SYNC} ${problem}`);
  }
  const stays = value === before;
  const isMovedChart = readSource(object.spec).type === 'helm' && isMovedSource(object, oldObject);
  if (stays && unchanged === 'admit' && !isMovedChart) return admit('unchanged');
  return { value, stays, object, ...defined({ oldObject }) };
}

type AdmissionRequest = z.infer<typeof requestSchema>;

/** As the gate's variable `finalizing` has it. */
function isFinalizing(object: SyncObject, old: SyncObject): boolean {
  const { deletionTimestamp, finalizers } = old.metadata;
  if (typeof deletionTimestamp !== 'string') return false;
  if (isDeepStrictEqual(object.metadata.finalizers ?? [], finalizers ?? [])) return false;
  const kept = [IMAGE_TO_SYNC, APPROVED, RECEIPT, BREAK_GLASS, HOLD].every((key) =>
    isDeepStrictEqual(annotationOf(object, key), annotationOf(old, key)),
  );
  return kept && isDeepStrictEqual(object.spec, old.spec);
}

/** Whichever of the request's own words says so: where they differ, it is taken for what is guarded. */
function isAboutSync({ kind, resource, subResource, object }: AdmissionRequest): boolean {
  if (kind.group === GROUP && KINDS.has(kind.kind)) return true;
  // What is written to a subresource can be of another kind, and is no RSync then.
  if (!subResource && resource.group === GROUP && RESOURCES.has(resource.resource)) return true;
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

/** An annotation as it was sent: any JSON value; undefined where there is none. */
export function annotationOf({ metadata: { annotations } }: SyncObject, key: string): unknown {
  return annotations && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}

/** Whether an update makes the object follow another source than the old one did. */
export function isMovedSource(object: SyncObject, oldObject: SyncObject | undefined): boolean {
  if (oldObject === undefined) return false;
  return !isDeepStrictEqual(readSource(object.spec), readSource(oldObject.spec));
}

/** What an RSync announces, bound to its own spec. */
export type Announced =
  /** `reference`: as `spec.oci.image` names it. */
  | { readonly type: 'image'; readonly reference: Reference; readonly digest: Digest }
  /** The tag of `reference` is the version that is announced. */
  | { readonly type: 'chart'; readonly reference: Reference; readonly version: string };

/**
 * Reads the value from the right (`x@sha256:a@sha256:a` is how a pinned image is announced, and a chart's version
 * stands where a digest would) and binds it to the spec: what stands before must be the image or the chart repository
 * to the letter, as Config Sync writes it (docs/facts/config-sync.md#image-to-sync).
 */
export function bindToSpec(
  value: string,
  source: Extract<Source, { type: 'oci' | 'helm' }>,
): Announced | Decision {
  const read = parseImageToSync(value);
  if (read === undefined) return notOfSpec(value, 'names neither a digest nor a chart version');
  const { commit } = read;
  if (source.type === 'oci') {
    if (read.source !== source.image) return notOfSpec(value, 'is not of spec.oci.image');
    const digest = digestOfCommit(commit);
    if (digest === undefined) return notOfSpec(value, 'has no digest at its end');
    return { type: 'image', reference: source.reference, digest };
  }
  if (read.source !== source.repo) return notOfSpec(value, 'is not of spec.helm.repo');
  const { version, chart, reference } = source;
  if (version !== undefined && isExactVersion(version) && version !== commit) {
    return notOfSpec(value, `is not of spec.helm.version`);
  }
  if (!isExactVersion(commit)) {
    const fix = 'which can come to mean another: set spec.helm.version to one exact version';
    const message = `chart ${quote(chart)} is announced with version ${quote(commit)}, ${fix}`;
    return refuse('unusable', message);
  }
  // A tag has no "+": Helm pushes and pulls a version's build part behind "_".
  const tag = commit.replaceAll('+', '_');
  return { type: 'chart', version: commit, reference: { ...reference, tag } };
}

/** What was announced, as denials name it. */
export function nameOf(announced: Announced): string {
  const { repository, tag } = announced.reference;
  return announced.type === 'image' ? `${repository}@${announced.digest}` : `${repository}:${tag}`;
}

/** A tenant's text, in quotes and not for ever. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${cutText(text, MAX_SHOWN)}…` : text);
}

function notOfSpec(value: string, problem: string): Decision {
  const only = "only what the object's own spec names may be announced";
  return refuse('not-of-spec', `image-to-sync ${quote(value)} ${problem}: ${only}`);
}
