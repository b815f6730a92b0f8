import * as z from 'zod';
import type { Fault, Finding } from './problem.ts';

/** A check across fields inside a zod schema. It sees the raw value where parts of it are already wrong. */
export type Check = (
  value: unknown,
) => Iterable<Fault & Pick<Finding, 'kind'> & Partial<Pick<Finding, 'path'>>>;

/** For `superRefine`: hands what `checks` find to zod, kind and fix included. */
export function finding(...checks: Check[]): (value: unknown, context: z.RefinementCtx) => void {
  return (value, context) => {
    for (const { path = [], kind, problem, fix } of checks.flatMap((check) => [...check(value)])) {
      const params = { kind, fix };
      context.addIssue({ code: 'custom', message: problem, path: [...path], params });
    }
  };
}

/** For `transform`: what `parse` makes of a text, or why it makes nothing of it. */
export function parsed<Value>(
  parse: (text: string) => Value | Fault,
): (text: string, context: z.RefinementCtx) => Value {
  return (text, context) => {
    const value = parse(text);
    if (!isFault(value)) return value;
    const params = { kind: 'bad-value', fix: value.fix };
    context.addIssue({ code: 'custom', message: value.problem, params });
    return z.NEVER;
  };
}

function isFault(value: unknown): value is Fault {
  return typeof value === 'object' && value !== null && 'problem' in value;
}

/** For checks across fields: zod skips them where a field is wrong, but all problems are to show at once. */
export const ALWAYS: { readonly when: () => boolean } = { when: () => true };

/** Whether `value` is a map of the file. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field's value if it is there and not a name on Object.prototype. */
export function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** `schema` with exactly one of `keys`: as a check, and for editors in JSON Schema's words. */
export function withOneOf<Schema extends z.ZodObject>(
  schema: Schema,
  keys: readonly string[],
  description: string,
): Schema {
  return schema
    .superRefine(finding(exactlyOne(keys)), ALWAYS)
    .meta({ description, ...oneOf(keys) });
}

/** Refuses none and more than one of `keys`. */
export function exactlyOne(keys: readonly string[]): Check {
  return function* check(value) {
    const given = keys.filter((key) => fieldOf(value, key) !== undefined);
    const choice = keys.join(', ');
    if (!isRecord(value) || given.length === 1) return;
    if (given.length === 0) {
      const fix = `Add exactly one of ${choice}`;
      yield { kind: 'missing', problem: `Needs one of ${choice}`, fix };
    } else {
      const problem = `Has ${given.join(' and ')}`;
      yield { kind: 'conflict', problem, fix: 'Keep exactly one of them' };
    }
  };
}

/** The same in JSON Schema's words. */
export function oneOf(keys: readonly string[]): { oneOf: { required: string[] }[] } {
  return { oneOf: keys.map((key) => ({ required: [key] })) };
}

/** Refuses maps of more than `max` keys: for records, which zod does not limit. */
export function atMost(max: number): Check {
  return function* check(value) {
    if (!isRecord(value) || Object.keys(value).length <= max) return;
    yield { kind: 'too-large', problem: `Has more than ${max} keys`, fix: 'Remove some of them' };
  };
}

/** Refuses list entries whose `field` repeats that of an entry before. */
export function distinct(field: string, fix: string): Check {
  return function* check(value) {
    if (!Array.isArray(value)) return;
    const seen = new Map<string, number>();
    for (const [index, entry] of value.entries()) {
      const text = fieldOf(entry, field);
      if (typeof text !== 'string') continue;
      const first = seen.get(text);
      if (first === undefined) seen.set(text, index);
      else {
        const problem = `Repeats the ${field} of entry ${first + 1}`;
        yield { path: [index, field], kind: 'duplicate', problem, fix };
      }
    }
  };
}
