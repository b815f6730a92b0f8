import { type Schema, schemaOfField } from './schemas.ts';
import { badRequest } from './status.ts';
import { isRecord } from './store.ts';

/** Of an object or of a list's item: `replace`, `delete` or `merge`. */
const DIRECTIVE = '$patch';
const REMOVED = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/**
 * A strategic merge patch: objects field by field, and the lists item by item that the schema merges so. Follows
 * `strategicpatch` of apimachinery, but for `$retainKeys`, which no kind here has.
 */
export function mergeStrategically(
  schema: Schema | undefined,
  target: unknown,
  patch: unknown,
): unknown {
  if (!isRecord(patch)) return patch;
  // The real one does not even read the directive where there is nothing to apply it to.
  if (!isRecord(target) && Object.hasOwn(patch, DIRECTIVE)) return {};
  const directive = directiveOf(patch);
  if (directive === 'delete') return {};
  const merged = new Map(Object.entries(isRecord(target) && directive === 'merge' ? target : {}));
  for (const field of fieldsOf(patch)) {
    const inner = schemaOfField(schema, field);
    const value = patch[field];
    if (value === null) merged.delete(field);
    else if (isMerged(inner)) {
      const order = patch[ORDER + field];
      const removed = listOf(patch[REMOVED + field]);
      merged.set(
        field,
        mergeList(inner, merged.get(field), { items: listOf(value), removed, order }),
      );
    } else if (value !== undefined) {
      merged.set(field, mergeStrategically(inner, merged.get(field), value));
    }
  }
  return Object.fromEntries(merged);
}

function directiveOf(patch: Readonly<Record<string, unknown>>): 'replace' | 'delete' | 'merge' {
  const { [DIRECTIVE]: directive = 'merge' } = patch;
  if (directive === 'replace' || directive === 'delete' || directive === 'merge') return directive;
  throw badRequest(`Unknown patch type found: ${JSON.stringify(directive)}`);
}

/** The fields that a patch changes, by themselves or by what it says of a list. */
function fieldsOf(patch: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const named = Object.keys(patch).map((key) => key.replace(/^\$\w+\//, ''));
  return new Set(named.filter((name) => name !== DIRECTIVE));
}

function isMerged(schema: Schema | undefined): schema is Schema {
  return ['set', 'map'].includes(schema?.['x-kubernetes-list-type'] ?? '');
}

interface ListPatch {
  readonly items: readonly unknown[];
  /** Of a list of scalars. */
  readonly removed: readonly unknown[];
  /** What `$setElementOrder` says, if anything. */
  readonly order: unknown;
}

function mergeList(schema: Schema, target: unknown, { items, removed, order }: ListPatch): unknown {
  const keyOf = (item: unknown): string => keyIn(schema, item);
  const directives = items.map((item) => (isRecord(item) ? directiveOf(item) : 'merge'));
  const given = items.filter((_, at) => directives[at] === 'merge');
  if (directives.includes('replace')) return given;
  const merged = new Map(listOf(target).map((item) => [keyOf(item), item]));
  const live = [...merged.keys()];
  const deleted = items.filter((_, at) => directives[at] === 'delete');
  for (const item of [...deleted, ...removed]) merged.delete(keyOf(item));
  for (const item of given) {
    const key = keyOf(item);
    merged.set(key, mergeStrategically(schema.items, merged.get(key), item));
  }
  const wanted = (Array.isArray(order) ? order : given).map(keyOf).filter((key) => merged.has(key));
  return interleave(live, new Set(wanted)).flatMap((key) =>
    merged.has(key) ? [merged.get(key)] : [],
  );
}

/** What the patch names in its order, and what is only there before that of it which it stood before. */
function interleave(live: readonly string[], wanted: ReadonlySet<string>): readonly string[] {
  const others = live.filter((key) => !wanted.has(key));
  const order: string[] = [];
  for (const key of wanted) {
    const place = live.indexOf(key);
    while (others[0] !== undefined && live.indexOf(others[0]) < place)
      order.push(...others.splice(0, 1));
    order.push(key);
  }
  return [...order, ...others];
}

function keyIn(schema: Schema, item: unknown): string {
  const [key] = schema['x-kubernetes-list-map-keys'] ?? [];
  if (key === undefined) return JSON.stringify(item);
  const value = isRecord(item) ? item[key] : undefined;
  if (value === undefined)
    throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
  return JSON.stringify(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
