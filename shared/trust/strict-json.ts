import type * as z from 'zod';

import { type Refusal, refuse } from './candidate.ts';
import { MAX_DIGITS, MAX_JSON_DEPTH } from './limits.ts';

const BACKSLASH = 0x5c;

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
  const text = decodeText(bytes);
  if (text === undefined) return refuse('malformed', `${what} is not UTF-8`);
  const problem = findAmbiguity(text);
  if (problem !== undefined) return refuse('malformed', `${what} ${problem}`);
  const json = parse(text);
  if (json === undefined) return refuse('malformed', `${what} is not JSON`);
  return checkSchema(json.value, schema, what);
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

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Longer runs of digits may be a number that JSON.parse rounds. */
const MAY_ROUND = /[0-9]{16}/;
const INTEGER = /^-?[0-9]+$/;

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: MAY_ROUND.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text) };
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

/**
 * What Go's decoder does with keys that differ in case only: `all` are one where it fills a structure, `names` where a
 * predicate may be one (and lists variables of an environment, which differ), `none` where it fills a map.
 */
type Folding = 'all' | 'names' | 'none';

const MAPS: ReadonlySet<string> = new Set(['optional', 'annotations']);
const FIELD_NAME = /^[a-z][a-z0-9]*$/;

/** One object or list that is open. */
interface Open {
  /** Of an object. */
  readonly keys: Set<string> | undefined;
  readonly folding: Folding;
  /** The key whose value comes next. */
  key: string;
}

/**
 * One pass before `JSON.parse`, which keeps the last of two equal keys without a word. Total over any text: what is
 * not JSON is left to the parser.
 */
function findAmbiguity(text: string): string | undefined {
  const open: Open[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') {
      if (open.length >= MAX_JSON_DEPTH) return `nests deeper than ${MAX_JSON_DEPTH} levels`;
      const folding = foldingIn(open.at(-1));
      open.push({ keys: char === '{' ? new Set() : undefined, folding, key: '' });
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(text, at);
      const problem = isKey(text, end) ? addKey(open.at(-1), text.slice(at, end + 1)) : undefined;
      if (problem !== undefined) return problem;
      at = end;
    }
  }
  return undefined;
}

function foldingIn(parent: Open | undefined): Folding {
  if (parent === undefined) return 'all';
  if (parent.folding !== 'all') return parent.folding;
  if (MAPS.has(parent.key)) return 'none';
  return parent.key === 'predicate' ? 'names' : 'all';
}

function addKey(object: Open | undefined, literal: string): string | undefined {
  // Escapes spell the same key in another way: compare what they mean.
  const key = literal.includes('\\') ? String(parse(literal)?.value) : literal.slice(1, -1);
  if (key === '__proto__') return 'has a key "__proto__"';
  if (object?.keys === undefined) return undefined;
  object.key = key;
  const { keys, folding } = object;
  // Where all keys fold, one look finds both kinds of twins.
  const id = folding === 'all' ? fold(key) : key;
  if (keys.has(id)) return `has the key ${JSON.stringify(key)} twice, or but for its case`;
  keys.add(id);
  if (folding !== 'names') return undefined;
  const folded = fold(key);
  if (!FIELD_NAME.test(folded)) return undefined;
  // Marked, so that a key that is its own folding is not its twin.
  const mark = `\u0000${folded}`;
  if (keys.has(mark)) return `has the key ${JSON.stringify(key)} twice but for its case`;
  keys.add(mark);
  return undefined;
}

/** Anything but lower case, digits and marks of ASCII. */
const FOLDS = /[^ -@[-~]/;

/** As encoding/json of Go does, which takes the long s for s and the sign of Kelvin for k. */
function fold(key: string): string {
  return FOLDS.test(key) ? key.toUpperCase().toLowerCase() : key;
}

/** Index of the quote that closes the string opened at `start`; the end of the text when none does. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end;
  }
}

function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++;
  return text[at] === ':';
}
