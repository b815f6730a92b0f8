import { filterError, tokenizeFilter } from './filter-tokens.ts';
import type { Token } from './filter-tokens.ts';
import { FILTER_LIMIT } from './limits.ts';
import { PubsubError } from './pubsub-error.ts';

export type Attributes = Readonly<Record<string, string>>;
export type Filter = (attributes: Attributes) => boolean;

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
