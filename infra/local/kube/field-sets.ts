import { isDeepStrictEqual } from 'node:util';
import { parseJson } from '#shared/net/json.ts';
import { type Schema, schemaOfField } from './schemas.ts';
import { isRecord } from './store.ts';

/**
 * Paths of fields, each with its elements as FieldsV1 writes them (`f:name`, `k:{"uid":"…"}`, `v:"…"`), joined by a
 * character that none has. Rules: sigs.k8s.io/structured-merge-diff, `typed` and `fieldpath`.
 */
export type FieldSet = ReadonlySet<string>;

/** The members of both. */
export function union(one: FieldSet, other: FieldSet): Set<string> {
  return new Set([...one, ...other]);
}

/** The members of the one that the other does not have. */
export function minus(one: FieldSet, other: FieldSet): Set<string> {
  return new Set([...one].filter((path) => !other.has(path)));
}

const JOINT = '\u001f';

/** A path with one element more; the root is ''. */
export function descend(path: string, element: string): string {
  return path === '' ? element : path + JOINT + element;
}

/** The element that a field of that name has. */
export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** How a value is merged: field by field, item by item, or as one. */
export type Shape =
  | { kind: 'map'; entries: [element: string, schema: Schema | undefined, value: unknown][] }
  | { kind: 'list'; entries: [element: string, schema: Schema | undefined, value: unknown][] }
  | { kind: 'leaf' };

/** The shape of a value under a schema; without one, objects are merged and lists are not. */
export function shapeOf(schema: Schema | undefined, value: unknown): Shape {
  if (isRecord(value)) {
    const entries = Object.entries(value).map(
      ([key, entry]): [string, Schema | undefined, unknown] => [
        fieldElement(key),
        schemaOfField(schema, key),
        entry,
      ],
    );
    return { kind: 'map', entries };
  }
  const type = schema?.['x-kubernetes-list-type'];
  if (!Array.isArray(value) || (type !== 'set' && type !== 'map')) return { kind: 'leaf' };
  const keys = schema?.['x-kubernetes-list-map-keys'] ?? [];
  const entries = value.map((item): [string, Schema | undefined, unknown] => [
    type === 'set' ? `v:${JSON.stringify(item)}` : keyElement(keys, item),
    schema?.items,
    item,
  ]);
  return { kind: 'list', entries };
}

function keyElement(keys: readonly string[], item: unknown): string {
  const named = keys.map((key) => [key, isRecord(item) ? item[key] : undefined]);
  return `k:${JSON.stringify(Object.fromEntries(named))}`;
}

/** What an applied object names: its leaves, items of lists, and entries of maps. */
export function fieldsOf(schema: Schema, value: unknown): Set<string> {
  const found = new Set<string>();
  addFields(schema, value, '', found);
  return found;
}

function addFields(
  schema: Schema | undefined,
  value: unknown,
  path: string,
  to: Set<string>,
): void {
  const shape = shapeOf(schema, value);
  if (shape.kind === 'leaf') {
    to.add(path);
    return;
  }
  for (const [element, inner, entry] of shape.entries) {
    const place = descend(path, element);
    addFields(inner, entry, place, to);
    const declared = schema?.properties !== undefined && inner !== undefined;
    if (shape.kind === 'list' || !declared || isEmpty(entry)) to.add(place);
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || (isRecord(value) && Object.keys(value).length === 0);
}

/** What differs between two objects; containers that come or go are named with what is in them. */
export interface Comparison {
  added: Set<string>;
  modified: Set<string>;
  removed: Set<string>;
}

/** Compares two objects of one schema. */
export function compareFields(schema: Schema, before: unknown, after: unknown): Comparison {
  const found: Comparison = { added: new Set(), modified: new Set(), removed: new Set() };
  compare(schema, before, after, '', found);
  return found;
}

function compare(
  schema: Schema | undefined,
  before: unknown,
  after: unknown,
  path: string,
  found: Comparison,
): void {
  if (before === after) return;
  const old = shapeOf(schema, before);
  const next = shapeOf(schema, after);
  const split = [old, next].some((shape) => shape.kind !== 'leaf' && shape.entries.length > 0);
  if (!split && before !== undefined && after !== undefined) {
    if (!isDeepStrictEqual(before, after)) found.modified.add(path);
    return;
  }
  const gone = new Map(entriesOf(old));
  for (const [element, [inner, entry]] of entriesOf(next)) {
    compare(inner, gone.get(element)?.[1], entry, descend(path, element), found);
    gone.delete(element);
  }
  for (const [element, [inner, entry]] of gone) {
    compare(inner, entry, undefined, descend(path, element), found);
  }
  if (path === '') return;
  if (before === undefined) found.added.add(path);
  else if (after === undefined) found.removed.add(path);
}

function entriesOf(shape: Shape): [string, [Schema | undefined, unknown]][] {
  if (shape.kind === 'leaf') return [];
  return shape.entries.map(([element, schema, value]) => [element, [schema, value]]);
}

/** A set as FieldsV1 has it: a tree, in which `.` marks a path that is a member beside others below it. */
export function writeFields(set: FieldSet): Record<string, unknown> {
  const root: Tree = new Map();
  for (const path of [...set].toSorted()) {
    let node = root;
    for (const element of path.split(JOINT)) {
      const child = node.get(element) ?? new Map();
      node.set(element, child);
      node = child;
    }
    node.set('.', new Map());
  }
  return writeTree(root);
}

type Tree = Map<string, Tree>;

function writeTree(tree: Tree): Record<string, unknown> {
  if (tree.size === 1 && tree.has('.')) return {};
  return Object.fromEntries([...tree].map(([element, child]) => [element, writeTree(child)]));
}

/** The set that a FieldsV1 tree stands for; undefined where it is no such tree. */
export function readFields(tree: unknown): Set<string> | undefined {
  const found = new Set<string>();
  return addTree(tree, '', found) ? found : undefined;
}

function addTree(tree: unknown, path: string, to: Set<string>): boolean {
  if (!isRecord(tree)) return false;
  const elements = Object.keys(tree);
  if (path !== '' && (elements.length === 0 || elements.includes('.'))) to.add(path);
  return elements.every(
    (element) =>
      element === '.' || (isElement(element) && addTree(tree[element], descend(path, element), to)),
  );
}

/** `f:` a name, `v:` a value, `k:` keys of an item, `i:` an index. */
function isElement(element: string): boolean {
  const [kind, rest] = [element.slice(0, 2), element.slice(2)];
  if (kind === 'f:') return true;
  const value = parseJson(rest);
  if (kind === 'k:') return isRecord(value);
  return (kind === 'v:' && value !== undefined) || (kind === 'i:' && Number.isInteger(value));
}

/** A path as conflicts name it: `.spec.oci.image`, `.metadata.finalizers[="x"]`. */
export function describePath(path: string): string {
  return path.split(JOINT).map(describeElement).join('');
}

function describeElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys: unknown = JSON.parse(text);
  const named = Object.entries(isRecord(keys) ? keys : {});
  return `[${named.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

/** The set with the fields on the way to its members that the schema declares; items and entries are not among them. */
export function withDeclaredParents(schema: Schema, set: FieldSet): Set<string> {
  const found = new Set(set);
  for (const path of set) {
    let place = '';
    let within: Schema | undefined = schema;
    for (const element of path.split(JOINT)) {
      const field = element.startsWith('f:') ? element.slice('f:'.length) : undefined;
      place = descend(place, element);
      const declared: boolean = field !== undefined && within?.properties?.[field] !== undefined;
      if (declared) found.add(place);
      within = field === undefined ? within?.items : schemaOfField(within, field);
    }
  }
  return found;
}

/** In the order of structured-merge-diff: of one level, what ends there before what goes on. */
export function byPath(one: string, other: string): number {
  const [left, right] = [one.split(JOINT), other.split(JOINT)];
  const at = left.findIndex((element, index) => element !== right[index]);
  if (at < 0) return left.length - right.length;
  const [ends, endsToo] = [at === left.length - 1, at === right.length - 1];
  if (ends !== endsToo) return ends ? -1 : 1;
  return (left[at] ?? '') < (right[at] ?? '') ? -1 : 1;
}
