import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { mergeApplied, removeFields } from './apply-merge.ts';
import {
  byPath,
  compareFields,
  descend,
  describePath,
  fieldElement,
  fieldsOf,
  type FieldSet,
  minus,
  readFields,
  union,
  withDeclaredParents,
  writeFields,
} from './field-sets.ts';
import type { Schema } from './schemas.ts';
import { badRequest, type Cause, StatusError } from './status.ts';
import { isRecord, type KubeObject, timestamp } from './store.ts';

/** Who writes, and through which version and subresource of the kind. */
export interface Writer {
  schema: Schema;
  manager: string;
  apiVersion: string;
  subresource: string | undefined;
  now: Date;
}

const entrySchema = z.looseObject({
  manager: z.string(),
  operation: z.enum(['Apply', 'Update']),
  apiVersion: z.string(),
  time: z.string().optional(),
  fieldsV1: z.looseObject({}).default({}),
  subresource: z.string().optional(),
});

/** One manager's fields. */
interface Entry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string;
  time?: string;
  fields: Set<string>;
}

// apimachinery's stripMetaManager: what no manager owns.
const SYSTEM = new Set([
  'f:apiVersion',
  'f:kind',
  'f:metadata',
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => descend('f:metadata', fieldElement(name))),
]);

/**
 * The object with its managers after a write that is no apply: the writer owns what it changed, and those who owned
 * it before do not. An object without managers stays without, but a new one.
 */
export function recordUpdate(
  writer: Writer,
  old: KubeObject | undefined,
  next: KubeObject,
): KubeObject {
  const given = readEntries(next.metadata['managedFields']);
  const wiped = given !== undefined && given.length === 0;
  const entries = given ?? readEntries(old?.metadata['managedFields']) ?? [];
  const plain = withManagers(next, []);
  if (old !== undefined && (wiped || entries.length === 0)) return plain;
  const difference = compareFields(writer.schema, old && withManagers(old, []), plain);
  const changed = own(writer, union(difference.added, difference.modified));
  const gone = difference.removed;
  const identity = { ...identityOf(writer), operation: 'Update' as const };
  const mine = entries.find((entry) => isSame(entry, identity));
  const others = entries.filter((entry) => entry !== mine);
  const left = others.map((entry) => without(entry, union(changed, gone)));
  const fields = union(minus(mine?.fields ?? new Set(), gone), changed);
  const time = changed.size === 0 ? mine?.time : timestamp(writer.now);
  return withManagers(plain, [...left, defined({ ...identity, time, fields })]);
}

/**
 * Server-side apply of what is declared to what is there (undefined: nothing yet). Fields that the manager applied
 * before and does not declare now go, unless another manager owns them. Throws 409 with a cause for each field that
 * another manager owns and has otherwise, unless the apply is by force.
 */
export function recordApply(
  writer: Writer,
  live: KubeObject | undefined,
  applied: KubeObject,
  force: boolean,
): KubeObject {
  if (applied.metadata['managedFields'] !== undefined)
    throw badRequest('metadata.managedFields must be nil');
  const base = live && withManagers(live, []);
  const declared = fieldsOf(writer.schema, applied);
  const entries = live === undefined ? [] : entriesBeforeApply(writer, live);
  const identity = { ...identityOf(writer), operation: 'Apply' as const };
  const last = entries.find((entry) => isSame(entry, identity));
  const others = entries.filter((entry) => entry !== last);
  const fields = own(writer, declared);
  const merged = base === undefined ? applied : mergeApplied(writer.schema, base, applied);
  const owned = others.reduce((all, entry) => union(all, entry.fields), declared);
  const kept = withDeclaredParents(writer.schema, owned);
  const dropped = minus(withDeclaredParents(writer.schema, last?.fields ?? new Set()), kept);
  const next = removeFields(writer.schema, merged, dropped);
  const difference = compareFields(writer.schema, base, next);
  const changed = own(writer, union(difference.added, difference.modified));
  if (!force) checkConflicts(others, changed);
  const left = others.map((entry) => without(entry, union(changed, difference.removed)));
  // The real one dates an apply that changes the object, and not one that only shares what is there.
  const same = changed.size === 0 && difference.removed.size === 0;
  const time = same ? last?.time : timestamp(writer.now);
  return withManagers(next, [...left, defined({ ...identity, time, fields })]);
}

// What was there before managers were recorded belongs to one by that name, so that an apply does not take it unasked.
function entriesBeforeApply(writer: Writer, live: KubeObject): Entry[] {
  const entries = readEntries(live.metadata['managedFields']) ?? [];
  if (entries.length > 0) return entries;
  const before = { ...writer, manager: 'before-first-apply', subresource: undefined };
  const { added } = compareFields(writer.schema, undefined, withManagers(live, []));
  const time = timestamp(writer.now);
  return [{ ...identityOf(before), operation: 'Update', time, fields: own(before, added) }];
}

function checkConflicts(others: readonly Entry[], changed: FieldSet): void {
  const conflicts = others.flatMap((entry) =>
    [...entry.fields]
      .filter((path) => changed.has(path))
      .toSorted(byPath)
      .map((path) => ({ by: describeManager(entry), path: describePath(path) })),
  );
  const [first] = conflicts;
  if (first === undefined) return;
  const causes: Cause[] = conflicts.map(({ by, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${by}`,
    field: path,
  }));
  const sorted = conflicts.toSorted((a, b) => (a.by < b.by ? -1 : 1));
  const groups = [...Map.groupBy(sorted, ({ by }) => by)];
  const list = groups.flatMap(([by, paths]) => [
    `conflicts with ${by}:`,
    ...paths.map(({ path }) => `- ${path}`),
  ]);
  const why =
    conflicts.length === 1
      ? `1 conflict: conflict with ${first.by}: ${first.path}`
      : `${conflicts.length} conflicts: ${list.join('\n')}`;
  throw new StatusError(409, 'Conflict', `Apply failed with ${why}`, { details: { causes } });
}

function describeManager(entry: Entry): string {
  const named = JSON.stringify(entry.manager);
  const through = entry.subresource ? ` with subresource ${JSON.stringify(entry.subresource)}` : '';
  return named + through + (entry.operation === 'Apply' ? '' : ` using ${entry.apiVersion}`);
}

function own(writer: Writer, set: FieldSet): Set<string> {
  const status = writer.subresource === 'status';
  const mine = [...set].filter((path) => isStatus(path) === status && !SYSTEM.has(path));
  return new Set(mine);
}

// The main resource writes no status, and its subresource nothing else.
function isStatus(path: string): boolean {
  return path.startsWith('f:status');
}

type Identity = Pick<Entry, 'manager' | 'apiVersion' | 'subresource'>;

function identityOf({ manager, apiVersion, subresource }: Writer): Identity {
  return defined({ manager, apiVersion, subresource });
}

// An applier is one manager whatever version it applies; an updater is one for each.
function isSame(entry: Entry, other: Identity & Pick<Entry, 'operation'>): boolean {
  const { manager, operation, apiVersion, subresource } = other;
  return (
    entry.manager === manager &&
    entry.operation === operation &&
    entry.subresource === subresource &&
    (operation === 'Apply' || entry.apiVersion === apiVersion)
  );
}

function without(entry: Entry, taken: FieldSet): Entry {
  return { ...entry, fields: minus(entry.fields, taken) };
}

/** Undefined where there is no list of managers; empty where it was emptied on purpose. */
function readEntries(value: unknown): Entry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value.length === 1 && isRecord(value[0]) && Object.keys(value[0]).length === 0) return [];
  const entries = z.array(entrySchema).safeParse(value);
  if (!entries.success) return undefined;
  return entries.data.map(({ manager, operation, apiVersion, time, fieldsV1, subresource }) => ({
    ...defined({ manager, operation, apiVersion, time: time && wholeSeconds(time), subresource }),
    fields: readFields(fieldsV1),
  }));
}

// Clients write a time back in forms of their own.
function wholeSeconds(time: string): string {
  const instant = Date.parse(time);
  return Number.isNaN(instant) ? time : timestamp(new Date(instant));
}

function withManagers(object: KubeObject, entries: readonly Entry[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const kept = entries.filter(({ fields }) => fields.size > 0).toSorted(byOperationAndTime);
  if (kept.length === 0) return { ...object, metadata };
  const managedFields = kept.map(({ manager, operation, apiVersion, time, subresource, fields }) =>
    defined({
      manager,
      operation,
      apiVersion,
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: writeFields(fields),
      subresource,
    }),
  );
  return { ...object, metadata: { ...metadata, managedFields } };
}

function byOperationAndTime(a: Entry, b: Entry): number {
  const keys = ({ operation, time = '', manager, apiVersion, subresource = '' }: Entry) =>
    [operation, time, manager, apiVersion, subresource].join('\u0000');
  return keys(a) < keys(b) ? -1 : 1;
}
