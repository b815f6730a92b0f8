import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  Scalar,
} from 'yaml';
import type { Path, ProblemKind } from './problem.ts';

/** Steps of a path that is made of a place: no field lies deeper. */
const MAX_STEPS = 12;

/** Whether what stands behind the key is merged into the map. */
export function isMerge({ key }: Pair): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.value === '<<';
}

/** Where a node begins. */
export function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** A field, and where its value begins. */
interface Field {
  readonly path: Path;
  readonly start: number;
}

/**
 * The field that `offset` lies in, as far as the file was understood; an empty path for the file as a whole. `opened`: the
 * innermost one around it that begins with a bracket or a quote.
 */
export function fieldAt(root: unknown, offset: number): Field & { readonly opened: Field } {
  let path: Path = [];
  let field: Field = { path, start: startOf(root) ?? 0 };
  let opened = field;
  let node = root;
  while (path.length < MAX_STEPS && reaches(node, offset)) {
    const inner = entryAt(node, offset);
    if (inner === undefined) break;
    node = inner.value;
    path = [...path, inner.name];
    field = { path, start: startOf(node) ?? field.start };
    if (isOpened(node)) opened = field;
  }
  return { ...field, opened };
}

function isOpened(node: unknown): boolean {
  if (isScalar(node)) return node.type === Scalar.QUOTE_SINGLE || node.type === Scalar.QUOTE_DOUBLE;
  return isCollection(node) && node.flow === true;
}

/** The entry of a map or list that `offset` lies in, by its name or index. */
function entryAt(
  node: unknown,
  offset: number,
): { name: string | number; value: unknown } | undefined {
  if (isSeq(node)) {
    const name = node.items.findLastIndex((item) => begins(item, offset));
    return name < 0 ? undefined : { name, value: node.items[name] };
  }
  if (!isMap(node)) return undefined;
  const { key, value } = node.items.findLast((pair) => begins(pair.key, offset)) ?? {};
  // A key of several words is a line without its colon; what lies behind a scalar is of another entry.
  if (!isScalar(key) || /\s/.test(String(key.value))) return undefined;
  if (begins(value, offset) && isScalar(value) && !reaches(value, offset)) return undefined;
  return { name: String(key.value), value: begins(value, offset) ? value : undefined };
}

function begins(node: unknown, offset: number): boolean {
  return (startOf(node) ?? Number.POSITIVE_INFINITY) <= offset;
}

/** Whether the node ends at `offset` or behind it; a collection ends with the blanks behind it. */
function reaches(node: unknown, offset: number): boolean {
  const end = isNode(node) ? node.range?.[isScalar(node) ? 1 : 2] : undefined;
  return offset <= (end ?? -1);
}

/** Offset of the deepest part of `path` that the file has. */
export function offsetOf(document: Document.Parsed, path: Path, kind: ProblemKind): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, step] of path.entries()) {
    node = resolved(node, document);
    if (isMap(node)) {
      const pair = pairOf(node, String(step), document);
      if (pair === undefined) return offset;
      const key = startOf(pair.key) ?? offset;
      const wantsKey = depth === path.length - 1 && kind === 'unknown-key';
      offset = wantsKey ? key : (startOf(pair.value) ?? key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

/** The entry of a map that decides what it has under `name`: its own, or else of the first that is merged into it. */
function pairOf(node: unknown, name: string, document: Document.Parsed): Pair | undefined {
  const map = resolved(node, document);
  if (isSeq(map)) return firstOf(map.items, (item) => pairOf(item, name, document));
  if (!isMap(map)) return undefined;
  const own = map.items.find(
    (pair) => isScalar(pair.key) && !isMerge(pair) && String(pair.key.value) === name,
  );
  const merged = map.items.filter((pair) => isMerge(pair));
  return own ?? firstOf(merged, ({ value }) => pairOf(value, name, document));
}

function firstOf<T>(items: readonly T[], find: (item: T) => Pair | undefined): Pair | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolved(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}
