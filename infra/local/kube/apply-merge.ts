import { descend, type FieldSet, shapeOf } from './field-sets.ts';
import type { Schema } from './schemas.ts';
import { type KubeObject, objectSchema } from './store.ts';

/**
 * What is there with what is applied over it: objects field by field, lists item by item where the schema says so.
 * Of a list, items that are not applied come first.
 */
export function mergeApplied(schema: Schema, live: KubeObject, applied: KubeObject): KubeObject {
  return objectSchema.parse(merge(schema, live, applied));
}

function merge(schema: Schema | undefined, live: unknown, applied: unknown): unknown {
  const there = shapeOf(schema, live);
  const given = shapeOf(schema, applied);
  if (there.kind === 'leaf' || given.kind !== there.kind) return applied;
  const old = new Map(there.entries.map(([element, , value]) => [element, value]));
  const merged = given.entries.map(([element, inner, value]): [string, unknown] => {
    const before = old.get(element);
    old.delete(element);
    return [element, before === undefined ? value : merge(inner, before, value)];
  });
  return assemble(given.kind, [...old, ...merged]);
}

/** The object without the fields and items of a set, and without objects that become empty thereby. */
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
    ])
    .filter(([, entry]) => entry !== undefined);
  if (left.length === 0 && shape.entries.length > 0) return undefined;
  return assemble(shape.kind, left);
}

function assemble(kind: 'map' | 'list', entries: readonly [string, unknown][]): unknown {
  if (kind === 'list') return entries.map(([, value]) => value);
  return Object.fromEntries(entries.map(([element, value]) => [element.slice('f:'.length), value]));
}
