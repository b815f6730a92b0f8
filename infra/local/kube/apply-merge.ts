import { descend, type FieldSet, shapeOf, union } from './field-sets.ts';
import type { Schema } from './schemas.ts';
import { type KubeObject, objectSchema } from './store.ts';

/**
 * What is there with what is applied over it: objects field by field, lists item by item where the schema says so.
 */
export function mergeApplied(schema: Schema, live: KubeObject, applied: KubeObject): KubeObject {
  return objectSchema.parse(merge(schema, live, applied));
}

function merge(schema: Schema | undefined, live: unknown, applied: unknown): unknown {
  const there = shapeOf(schema, live);
  const given = shapeOf(schema, applied);
  if (there.kind === 'leaf' || given.kind !== there.kind) return applied;
  const old = new Map(there.entries.map(([element, , value]) => [element, value]));
  const next = new Map(given.entries.map(([element, inner, value]) => [element, { inner, value }]));
  // The fields of an object have no order.
  const order =
    given.kind === 'map' ? union(new Set(old.keys()), new Set(next.keys())) : interleave(old, next);
  const merged = [...order].map((element): [string, unknown] => {
    const before = old.get(element);
    const after = next.get(element);
    if (after === undefined) return [element, before];
    const { inner, value } = after;
    return [element, before === undefined ? value : merge(inner, before, value)];
  });
  return assemble(given.kind, merged);
}

type Named = ReadonlyMap<string, unknown>;

/**
 * The order of a merged list: what is applied in its own, and what is only there as near to its place as that allows
 * (`visitListItems` of structured-merge-diff).
 */
function interleave(there: Named, given: Named): ReadonlySet<string> {
  const live = [...there.keys()];
  const shared = [...given.keys()].filter((element) => there.has(element));
  const order = new Set<string>();
  let at = 0;
  let reached = 0;
  for (const next of given.keys()) {
    for (let old = live[at]; old !== undefined && old !== next; old = live[at]) {
      const wanted = shared[reached];
      const passed = given.has(old);
      // A shared item that is not the next one is passed over: it comes where it is applied.
      if (passed && (wanted === undefined || wanted === old) && !order.has(old)) break;
      if (!passed) order.add(old);
      at += 1;
    }
    if (live[at] === next) at += 1;
    order.add(next);
    if (next === shared[reached]) reached += 1;
  }
  for (const old of live.slice(at)) if (!given.has(old)) order.add(old);
  return order;
}

/** The object without the fields and items of a set; what becomes empty thereby is null, as in the real server. */
export function removeFields(schema: Schema, object: KubeObject, dropped: FieldSet): KubeObject {
  if (dropped.size === 0) return object;
  return objectSchema.parse(remove(schema, object, '', dropped));
}

function remove(
  schema: Schema | undefined,
  value: unknown,
  path: string,
  dropped: FieldSet,
): unknown {
  const shape = shapeOf(schema, value);
  if (shape.kind === 'leaf') return value;
  const left = shape.entries
    .filter(([element]) => !dropped.has(descend(path, element)))
    .map(([element, inner, entry]): [string, unknown] => [
      element,
      remove(inner, entry, descend(path, element), dropped),
    ]);
  if (left.length === 0 && shape.entries.length > 0) return null;
  return assemble(shape.kind, left);
}

function assemble(kind: 'map' | 'list', entries: readonly [string, unknown][]): unknown {
  if (kind === 'list') return entries.map(([, value]) => value);
  return Object.fromEntries(entries.map(([element, value]) => [element.slice('f:'.length), value]));
}
