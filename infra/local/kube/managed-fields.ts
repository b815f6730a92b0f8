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
  union,
  withDeclaredParents,
} from './field-sets.ts';
import { fieldsLastApplied, KUBECTL, withLastApplied } from './last-applied.ts';
import { type Entry, readEntries, withManagers } from './manager-entries.ts';
import type { Schema } from './schemas.ts';
import { badRequest, type Cause, StatusError } from './status.ts';
import { type KubeObject, timestamp } from './store.ts';

/** Who writes, and through which version and subresource of the kind. */
export interface Writer {
  schema: Schema;
  manager: string;
  apiVersion: string;
  /** Every version of the kind. */
  served: readonly string[];
  subresource: string | undefined;
  now: Date;
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

const NONE: FieldSet = new Set();

/**
 * The object with its managers after a write that is no apply: the writer owns what it changed, and those who owned
 * it before do not. An object without managers stays without, but a new one.
 */
export function recordUpdate(
  writer: Writer,
  old: KubeObject | undefined,
  next: KubeObject,
): KubeObject {
  const given = readEntries(next.metadata['managedFields'], writer.served);
  const wiped = given !== undefined && given.length === 0;
  const entries = given ?? readEntries(old?.metadata['managedFields'], writer.served) ?? [];
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
  const isKubectl = writer.manager === KUBECTL;
  const given = isKubectl && live !== undefined ? fieldsLastApplied(writer.schema, live) : NONE;
  if (!force) checkConflicts(others, minus(changed, given));
  const left = others.map((entry) => without(entry, union(changed, difference.removed)));
  // The real one dates an apply that changes the object, and not one that only shares what is there.
  const same = changed.size === 0 && difference.removed.size === 0;
  const time = same ? last?.time : timestamp(writer.now);
  const synced = isKubectl ? withLastApplied(next, applied) : next;
  return withManagers(synced, [...left, defined({ ...identity, time, fields })]);
}

// What was there before managers were recorded belongs to one by that name, so that an apply does not take it unasked.
function entriesBeforeApply(writer: Writer, live: KubeObject): Entry[] {
  const entries = readEntries(live.metadata['managedFields'], writer.served) ?? [];
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
