import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { type FieldSet, readFields, writeFields } from './field-sets.ts';
import { isRecord, type KubeObject, timestamp } from './store.ts';

/** One manager's fields. */
export interface Entry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource?: string;
  time?: string;
  fields: FieldSet;
}

/** `meta/v1.ManagedFieldsEntry`: what is absent or null is empty. */
const text = z.string().nullish();
const typedSchema = z
  .array(
    z
      .looseObject({
        manager: text,
        operation: text,
        apiVersion: text,
        fieldsType: text,
        subresource: text,
        time: z.iso.datetime({ offset: true }).nullish(),
      })
      .nullable(),
  )
  .nullish();

/** Why `metadata.managedFields` cannot be read at all; undefined where it can. */
export function findBadManagers(value: unknown): string | undefined {
  const parsed = typedSchema.safeParse(value);
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  const place = ['metadata', 'managedFields', ...(issue?.path ?? [])].join('.');
  return `json: cannot unmarshal ${place}: ${issue?.message}`;
}

const entrySchema = z.object({
  manager: z.string().nullish(),
  operation: z.enum(['Apply', 'Update']),
  apiVersion: z.string().min(1),
  time: z.string().nullish(),
  fieldsType: z.literal('FieldsV1'),
  fieldsV1: z.unknown(),
  subresource: z.string().nullish(),
});

/**
 * The managers of an object. Undefined where there is no list that can be decoded: what was there before counts then.
 * Empty where it was emptied on purpose, by one empty entry. A manager owns nothing through a version that is not served.
 */
export function readEntries(value: unknown, served: readonly string[]): Entry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [only] = value;
  const isEmpty = only === null || (isRecord(only) && Object.keys(only).length === 0);
  if (value.length === 1 && isEmpty) return [];
  const parsed = z.array(entrySchema).safeParse(value);
  if (!parsed.success) return undefined;
  const entries: Entry[] = [];
  for (const { manager, operation, apiVersion, time, fieldsV1, subresource } of parsed.data) {
    const fields = readFields(fieldsV1);
    if (fields === undefined) return undefined;
    if (!served.includes(apiVersion)) continue;
    entries.push({
      ...defined({
        manager: manager ?? '',
        operation,
        apiVersion,
        time: time ? wholeSeconds(time) : undefined,
        subresource: subresource ?? undefined,
      }),
      fields,
    });
  }
  return entries;
}

// Clients write a time back in forms of their own.
function wholeSeconds(time: string): string {
  const instant = Date.parse(time);
  return Number.isNaN(instant) ? time : timestamp(new Date(instant));
}

/** The object with these managers in place of its own; without those that own nothing. */
export function withManagers(object: KubeObject, entries: readonly Entry[]): KubeObject {
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
