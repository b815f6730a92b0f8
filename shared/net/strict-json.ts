import { cutText } from '#shared/core/foreign-text.ts';
import { decodeText, parseJson } from './json.ts';

/**
 * When two keys of one object are different ones: `exact` as JSON does, `fold` as a reader does that ignores case (Go, where
 * it fills a structure), `names` exactly, but for keys that look like the name of a field, which such a reader may
 * fold.
 */
export type Folding = 'exact' | 'fold' | 'names';

/** What one kind of document allows. */
export interface StrictRules {
  /** Objects and lists within each other. */
  readonly maxDepth: number;
  /**
   * When keys are different ones in what stands under `key` of an object, or in a list (`''`), whose own keys are `outer`.
   */
  readonly foldingIn: (outer: Folding, key: string) => Folding;
  /** Where keys fold: names that must be spelled as they are here, even alone. */
  readonly fields?: readonly string[];
  /** Keys that are refused anywhere. */
  readonly refused?: readonly string[];
  /** Makes the value of the text, for numbers that `JSON.parse` would round; undefined: it is not JSON. */
  readonly parse?: (text: string) => unknown;
}

export type StrictJson =
  | { readonly value: unknown }
  /** Why it is refused, to follow its name: `is not UTF-8`. */
  | { readonly problem: string };

/**
 * Reads JSON that another program reads too, in another way than `JSON.parse`: two readers must not see two documents
 * in the same bytes. Refused are invalid UTF-8, a byte order mark, a key twice in one object (however it is escaped, or
 * in another case where keys fold), and nesting that is too deep. The outermost object folds. Linear in the length.
 *
 * @example
 * const read = parseStrictJson(bytes, { maxDepth: 20, foldingIn: (outer) => outer, fields: ['layers'] });
 * if ('problem' in read) throw new Error(`Manifest ${read.problem}`);
 */
export function parseStrictJson(bytes: Uint8Array, rules: StrictRules): StrictJson {
  const text = decodeText(bytes);
  if (text === undefined) return { problem: 'is not UTF-8' };
  const problem = findAmbiguity(text, rules);
  if (problem !== undefined) return { problem };
  const value = (rules.parse ?? parseJson)(text);
  return value === undefined ? { problem: 'is not JSON' } : { value };
}

/** One object or list that is open. */
interface Open {
  /** Of an object: the keys so far, folded where they fold. */
  readonly keys: Set<string> | undefined;
  readonly folding: Folding;
  /** The key whose value comes next. */
  key: string;
}

const FIELD_NAME = /^[a-z][a-z0-9]*$/;

/**
 * One pass before `JSON.parse`, which keeps the last of two equal keys without a word. Total over any text: what is
 * not JSON is left to the parser.
 */
function findAmbiguity(text: string, rules: StrictRules): string | undefined {
  const { maxDepth, foldingIn, fields = [], refused = [] } = rules;
  const spelled = new Map(fields.map((field) => [fold(field), field]));
  const open: Open[] = [];

  function addKey(literal: string): string | undefined {
    // Escapes spell the same key in another way: compare what they mean.
    const key = literal.includes('\\') ? String(parseJson(literal)) : literal.slice(1, -1);
    if (refused.includes(key)) return `has a key ${JSON.stringify(key)}`;
    const object = open.at(-1);
    if (object?.keys === undefined) return undefined;
    object.key = key;
    const { keys, folding } = object;
    const folded = folding === 'exact' ? key : fold(key);
    // Where all keys fold, one look finds both kinds of twins.
    if (!add(keys, folding === 'fold' ? folded : key)) {
      return `has the key ${shown(key)} twice${folding === 'fold' ? ', or but for its case' : ''}`;
    }
    if (folding === 'fold' && (spelled.get(folded) ?? key) !== key) {
      return `has a key ${shown(key)} that can be read as another`;
    }
    // Marked, so that a key that is its own folding is not its twin.
    if (folding === 'names' && FIELD_NAME.test(folded) && !add(keys, `\u0000${folded}`)) {
      return `has the key ${shown(key)} twice but for its case`;
    }
    return undefined;
  }

  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') {
      if (open.length >= maxDepth) return `nests deeper than ${maxDepth} levels`;
      const outer = open.at(-1);
      const folding = outer === undefined ? 'fold' : foldingIn(outer.folding, outer.key);
      open.push({ keys: char === '{' ? new Set() : undefined, folding, key: '' });
    } else if (char === '}' || char === ']') {
      open.pop();
    } else if (char === '"') {
      const end = endOfString(text, at);
      const problem = isKey(text, end) ? addKey(text.slice(at, end + 1)) : undefined;
      if (problem !== undefined) return problem;
      at = end;
    }
  }
  return undefined;
}

function add(keys: Set<string>, key: string): boolean {
  const before = keys.size;
  return keys.add(key).size > before;
}

/** As much of a foreign key as a message shows. */
function shown(key: string): string {
  return JSON.stringify(cutText(key, 40));
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
    while (text[before] === '\\') before--;
    if ((end - before) % 2 === 1) return end;
  }
}

function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++;
  return text[at] === ':';
}
