import { FILTER_LIMIT } from './limits.ts';
import { PubsubError } from './pubsub-error.ts';

type Attributes = Readonly<Record<string, string>>;
type Filter = (attributes: Attributes) => boolean;

interface Cursor {
  tokens: Token[];
  next: number;
  /** Where the text ends, for errors about what is missing. */
  end: number;
}

/**
 * Compiles a subscription filter (cloud.google.com/pubsub/docs/subscription-message-filter):
 * `attributes:key`, `attributes.key = "v"`, `!=`, `hasPrefix(attributes.key, "v")`, NOT or `-`,
 * AND, OR and parentheses. AND and OR do not mix without parentheses. An empty filter matches
 * all; a bad one is INVALID_ARGUMENT.
 */
export function parseFilter(text: string): Filter {
  if (text.trim() === '') return () => true;
  if (Buffer.byteLength(text) > FILTER_LIMIT) {
    throw new PubsubError('INVALID_ARGUMENT', `The filter is longer than ${FILTER_LIMIT} bytes`);
  }
  const cursor = { tokens: tokenizeFilter(text), next: 0, end: text.length };
  const filter = parseExpression(cursor);
  if (cursor.next < cursor.tokens.length) throw expected(cursor, 'the end of the filter');
  return filter;
}

function parseExpression(cursor: Cursor): Filter {
  const first = parseTerm(cursor);
  const joint = peekWord(cursor);
  if (joint !== 'AND' && joint !== 'OR') return first;
  const terms = [first];
  while (acceptWord(cursor, joint)) terms.push(parseTerm(cursor));
  const other = peekWord(cursor);
  if (other === 'AND' || other === 'OR') throw expected(cursor, 'a parenthesis between AND and OR');
  if (joint === 'AND') return (attributes) => terms.every((term) => term(attributes));
  return (attributes) => terms.some((term) => term(attributes));
}

function parseTerm(cursor: Cursor): Filter {
  if (acceptWord(cursor, 'NOT') || acceptSymbol(cursor, '-')) {
    const term = parseTerm(cursor);
    return (attributes) => !term(attributes);
  }
  if (acceptSymbol(cursor, '(')) {
    const inner = parseExpression(cursor);
    expectSymbol(cursor, ')');
    return inner;
  }
  if (acceptWord(cursor, 'hasPrefix')) return parsePrefix(cursor);
  return parseComparison(cursor);
}

function parsePrefix(cursor: Cursor): Filter {
  expectSymbol(cursor, '(');
  expectWord(cursor, 'attributes');
  expectSymbol(cursor, '.');
  const key = parseKey(cursor);
  expectSymbol(cursor, ',');
  const prefix = parseString(cursor);
  expectSymbol(cursor, ')');
  return (attributes) => valueOf(attributes, key)?.startsWith(prefix) ?? false;
}

function parseComparison(cursor: Cursor): Filter {
  expectWord(cursor, 'attributes');
  if (acceptSymbol(cursor, ':')) {
    const key = parseKey(cursor);
    return (attributes) => valueOf(attributes, key) !== undefined;
  }
  expectSymbol(cursor, '.');
  const key = parseKey(cursor);
  if (acceptSymbol(cursor, '!=')) {
    const value = parseString(cursor);
    // Messages without the pair match, so also those without the key.
    return (attributes) => valueOf(attributes, key) !== value;
  }
  expectSymbol(cursor, '=');
  const value = parseString(cursor);
  return (attributes) => valueOf(attributes, key) === value;
}

function parseKey(cursor: Cursor): string {
  const token = cursor.tokens[cursor.next];
  if (token?.kind !== 'word' && token?.kind !== 'string') throw expected(cursor, 'a key');
  cursor.next += 1;
  return token.text;
}

function parseString(cursor: Cursor): string {
  const token = cursor.tokens[cursor.next];
  if (token?.kind !== 'string') throw expected(cursor, 'a string in double quotes');
  cursor.next += 1;
  return token.text;
}

function peekWord(cursor: Cursor): string | undefined {
  const token = cursor.tokens[cursor.next];
  return token?.kind === 'word' ? token.text : undefined;
}

function acceptWord(cursor: Cursor, text: string): boolean {
  return accept(cursor, 'word', text);
}

function acceptSymbol(cursor: Cursor, text: string): boolean {
  return accept(cursor, 'symbol', text);
}

function accept(cursor: Cursor, kind: Token['kind'], text: string): boolean {
  const token = cursor.tokens[cursor.next];
  if (token?.kind !== kind || token.text !== text) return false;
  cursor.next += 1;
  return true;
}

function expectWord(cursor: Cursor, text: string): void {
  if (!acceptWord(cursor, text)) throw expected(cursor, `"${text}"`);
}

function expectSymbol(cursor: Cursor, text: string): void {
  if (!acceptSymbol(cursor, text)) throw expected(cursor, `"${text}"`);
}

function expected(cursor: Cursor, what: string): PubsubError {
  return filterError(cursor.tokens[cursor.next]?.at ?? cursor.end, `${what} is expected`);
}

/** The publisher names the keys: `__proto__` and its like are not attributes. */
function valueOf(attributes: Attributes, key: string): string | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}

type Token =
  | { kind: 'word'; text: string; at: number }
  | { kind: 'string'; text: string; at: number }
  | { kind: 'symbol'; text: string; at: number };

/** One token, after any space: a string literal, a bare word, or an operator. */
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|([A-Za-z0-9_][A-Za-z0-9_-]*)|(!=|[=:.,()-]))/suy;

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))/gsu;
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const UNICODE_END = 0x10ffff;

/** Cuts a filter into tokens; INVALID_ARGUMENT names the place of what is none. */
function tokenizeFilter(filter: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = filter.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const match = pattern.exec(filter);
    if (!match) throw filterError(from, 'a word, a string or an operator is expected');
    const [whole, literal, word, symbol] = match;
    const at = from + whole.length - whole.trimStart().length;
    if (literal !== undefined) tokens.push({ kind: 'string', text: unquote(literal, at), at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at });
  }
  return tokens;
}

/** The refusal of a filter, with the zero-based place it was found at. */
function filterError(at: number, reason: string): PubsubError {
  return new PubsubError('INVALID_ARGUMENT', `Invalid filter at character ${at}: ${reason}`);
}

function unquote(literal: string, at: number): string {
  return literal.slice(1, -1).replace(ESCAPE, (_, short, long, hex, octal, simple) => {
    const digits: string | undefined = short ?? long ?? hex;
    if (digits !== undefined) return character(Number.parseInt(digits, 16), at);
    if (octal !== undefined) return character(Number.parseInt(octal, 8), at);
    return SIMPLE[simple] ?? simple;
  });
}

function character(code: number, at: number): string {
  if (code > UNICODE_END) throw filterError(at, 'an escape is past the end of Unicode');
  return String.fromCodePoint(code);
}
