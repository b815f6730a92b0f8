import type * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';

/** What a schema has made: valid, and in its order. Records are never changed in place. */
const made = new WeakSet<object>();

/** The record in `text`; undefined when it is none, for whoever can write to the store may have written it. */
export function readRecord<T extends object>(
  schema: z.ZodType<T>,
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  try {
    const record = schema.parse(JSON.parse(text));
    made.add(record);
    return record;
  } catch {
    return undefined;
  }
}

/**
 * The record as text, the same for the same record whoever made it: in the order of its schema. What could not be read back must not be written: it would be lost without a word. Throws
 * `internal`, for it is a bug of the caller.
 */
export function writeRecord<T extends object>(schema: z.ZodType<T>, record: T): string {
  if (made.has(record)) return JSON.stringify(record);
  const { data, error } = schema.safeParse(record);
  if (error === undefined) return JSON.stringify(data);
  const place = error.issues[0]?.path.join('.') ?? '';
  throw new CountersignError('internal', `A record for the store is wrong at ${place}`, {
    cause: error,
    retry: false,
  });
}
