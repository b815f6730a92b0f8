import type * as z from 'zod';

import { parseStrictJson, type StrictRules } from '#shared/net/strict-json.ts';

import { type Refusal, refuse } from './candidate.ts';
import { MAX_DIGITS, MAX_JSON_DEPTH } from './limits.ts';

/** Fields whose keys are anyone's: Go fills a map with them, in which keys that differ in case only are two. */
const MAPS: ReadonlySet<string> = new Set(['optional', 'annotations']);

const RULES: StrictRules = {
  maxDepth: MAX_JSON_DEPTH,
  refused: ['__proto__'],
  parse: parseExact,
  // A predicate may fill a structure, and may list variables of an environment, which differ.
  foldingIn(outer, key) {
    if (outer !== 'fold') return outer;
    if (MAPS.has(key)) return 'exact';
    return key === 'predicate' ? 'names' : 'fold';
  },
};

/**
 * JSON of a stranger, checked against `schema`. Two readers must not see two documents in the same bytes: invalid
 * UTF-8, a key twice in one object, in another case too, `__proto__` and deep nesting are refused as `malformed`. Integers
 * that a number cannot hold come as bigint. `what` names it to people.
 */
export function parseJson<T extends object>(
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  what: string,
): T | Refusal {
  const json = parseStrictJson(bytes, RULES);
  return 'problem' in json
    ? refuse('malformed', `${what} ${json.problem}`)
    : checkSchema(json.value, schema, what);
}

/** Checks a parsed value; the first problem names the field. */
export function checkSchema<T extends object>(
  value: unknown,
  schema: z.ZodType<T>,
  what: string,
): T | Refusal {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') ?? '';
  return refuse('malformed', `${what} has a wrong or missing ${field === '' ? 'body' : field}`);
}

/** Longer runs of digits may be a number that JSON.parse rounds. */
const MAY_ROUND = /[0-9]{16}/;
const INTEGER = /^-?[0-9]+$/;

function parseExact(text: string): unknown {
  try {
    return MAY_ROUND.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Integers beyond 2^53 as they are written: rounded, two that differ would be equal. */
function keepExact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source?.replace(/\.0+$/, '') ?? '';
  if (source.length > MAX_DIGITS) throw new RangeError('A number has too many digits');
  return INTEGER.test(source) ? BigInt(source) : value;
}
