import type * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';

/** One for all: it keeps nothing from text to text. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses foreign bytes as JSON. Throws `bad-request` saying `what` is no JSON; the bytes are not repeated. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch (cause) {
    throw new CountersignError('bad-request', `${what} is not JSON`, { cause });
  }
}

/** `value` as `schema` describes it. Throws `bad-request` naming the first field that is wrong, and how. */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const place = [what, ...(issue?.path.map(String) ?? [])].join('.');
  throw new CountersignError('bad-request', `${place}: ${issue?.message ?? 'has a wrong shape'}`);
}

/** Reads the data of a message. Throws `bad-request`, which sends the message to the dead letters. */
export function readJson<T>(schema: z.ZodType<T>, bytes: Uint8Array): T {
  return checkShape(schema, parseJson(bytes, 'data'), 'data');
}
