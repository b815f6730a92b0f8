import type * as z from 'zod';
import type { Finding } from './problem.ts';

/** A check across fields inside a zod schema. It sees the raw value where parts of it are already wrong. */
export type Check = (
  value: unknown,
) => Iterable<Partial<Pick<Finding, 'path'>> & Omit<Finding, 'path'>>;

/** For `superRefine`: hands what `check` finds to zod, kind and fix included. */
export function finding(check: Check): (value: unknown, context: z.RefinementCtx) => void {
  return (value, context) => {
    for (const { path = [], kind, problem, fix } of check(value)) {
      const params = { kind, fix };
      context.addIssue({ code: 'custom', message: problem, path: [...path], params });
    }
  };
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

/** The same for editors: JSON Schema's words for `exactlyOne`. */
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
