import type * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';

/** The variables of a process, as Node has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The variables that `schema` describes; an empty one counts as unset. Throws `bad-config` naming each variable that is
 * wrong, and the fix.
 */
export function readVariables<T>(schema: z.ZodType<T>, env: Variables): T {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  // Once in a process: to compile the schema first costs more than it saves.
  const { data, error } = schema.safeParse(set, { jitless: true });
  if (error === undefined) return data;
  const problems = error.issues.map(
    ({ path, message }) => `Environment variable ${String(path[0])} ${message}`,
  );
  throw new CountersignError('bad-config', problems.join('; '));
}
