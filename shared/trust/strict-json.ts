import type * as z from 'zod';

import { type Refusal, refuse } from './candidate.ts';
import { MAX_JSON_DEPTH } from './limits.ts';

const BACKSLASH = 0x5c;

/**
 * JSON of a stranger, checked against `schema`. Two readers must not see two documents in the same bytes: invalid
 * UTF-8, a key twice in one object, `__proto__` and deep nesting are refused as `malformed`. `what` names it to people.
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

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/**
 * One pass before `JSON.parse`, which keeps the last of two equal keys without a word. Total over any text: what is
 * not JSON is left to the parser.
 */
function findAmbiguity(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') {
      if (open.length >= MAX_JSON_DEPTH) return `nests deeper than ${MAX_JSON_DEPTH} levels`;
      open.push(char === '{' ? new Set() : undefined);
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

function addKey(keys: Set<string> | undefined, literal: string): string | undefined {
  // Escapes spell the same key in another way: compare what they mean.
  const key = literal.includes('\\') ? String(parse(literal)?.value) : literal.slice(1, -1);
  if (key === '__proto__') return 'has a key "__proto__"';
  if (keys?.has(key) === true) return `has the key ${JSON.stringify(key)} twice`;
  keys?.add(key);
  return undefined;
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
