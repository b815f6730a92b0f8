import { isOpen, type Schema, schemaOfField } from './schemas.ts';
import { isRecord } from './store.ts';

/** What a schema makes of a value. */
interface Known {
  /** The value without the fields that the schema does not declare; the same one where there are none. */
  value: unknown;
  /** Their paths, as the real API server writes them: `spec.list[0].field`. */
  unknown: string[];
}

/** Takes out of an object what its schema does not declare, as the API server does before it stores one. */
export function dropUnknownFields(schema: Schema, object: unknown): Known {
  const unknown: string[] = [];
  return { value: keepKnown(schema, object, '', unknown), unknown };
}

/** Takes null out of fields that may not be null, as the API server does before it stores a custom resource. */
export function dropNulls(schema: Schema | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return sameOr(value, (item) => dropNulls(schema?.items, item));
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  let changed = false;
  for (const [key, entry] of Object.entries(value)) {
    const field = schemaOfField(schema, key);
    if (entry === null && field !== undefined && field.nullable !== true) {
      changed = true;
      continue;
    }
    const left = dropNulls(field, entry);
    changed ||= left !== entry;
    kept.push([key, left]);
  }
  return changed ? Object.fromEntries(kept) : value;
}

/**
 * Reads null in a kind of Kubernetes' own as Go does: a field that is null is not there, an entry of a map has its type's
 * empty value, which is a text here.
 */
export function readNulls(schema: Schema | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return sameOr(value, (item) => readNulls(schema?.items, item));
  if (!isRecord(value)) return value;
  const isMap = typeof schema?.additionalProperties === 'object';
  const fields = Object.entries(value).map(([key, entry]): [string, unknown] => [
    key,
    entry === null && isMap ? '' : readNulls(schemaOfField(schema, key), entry),
  ]);
  return dropNulls(schema, Object.fromEntries(fields));
}

function keepKnown(
  schema: Schema | undefined,
  value: unknown,
  path: string,
  unknown: string[],
): unknown {
  if (schema === undefined) return value;
  if (Array.isArray(value)) {
    return sameOr(value, (item, at) => keepKnown(schema.items, item, `${path}[${at}]`, unknown));
  }
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  let changed = false;
  for (const [key, entry] of Object.entries(value)) {
    const place = path === '' ? key : `${path}.${key}`;
    const field = schemaOfField(schema, key);
    if (field === undefined && !isOpen(schema) && schema.additionalProperties !== true) {
      unknown.push(place);
      changed = true;
      continue;
    }
    const known = keepKnown(field, entry, place, unknown);
    changed ||= known !== entry;
    kept.push([key, known]);
  }
  return changed ? Object.fromEntries(kept) : value;
}

function sameOr(list: unknown[], change: (item: unknown, at: number) => unknown): unknown[] {
  const changed = list.map(change);
  return changed.some((item, at) => item !== list[at]) ? changed : list;
}
