import { PubsubError } from './pubsub-error.ts';

const FILTER_LIMIT = 256;

type Filter = (attributes: Readonly<Record<string, string>>) => boolean;

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
  const tokens = tokenize(text);

  function expected(what: string): PubsubError {
    return filterError(tokens[0]?.at ?? text.length, `${what} is expected`);
  }

  function isNext(wanted: string): boolean {
    return tokens[0]?.kind !== 'string' && tokens[0]?.text === wanted;
  }

  /** Takes the next token where it is this word or operator. */
  function accept(wanted: string): boolean {
    return isNext(wanted) && tokens.shift() !== undefined;
  }

  function expect(...all: string[]): void {
    for (const wanted of all) if (!accept(wanted)) throw expected(`"${wanted}"`);
  }

  function take(what: string, kinds: readonly Token['kind'][]): string {
    const [token] = tokens;
    if (token === undefined || !kinds.includes(token.kind)) throw expected(what);
    tokens.shift();
    return token.text;
  }

  const takeKey = (): string => take('a key', ['word', 'string']);
  const takeString = (): string => take('a string in double quotes', ['string']);

  function parseExpression(): Filter {
    const terms = [parseTerm()];
    const joint = ['AND', 'OR'].find(isNext) ?? '';
    while (accept(joint)) terms.push(parseTerm());
    if (isNext('AND') || isNext('OR')) throw expected('a parenthesis between AND and OR');
    return joint === 'OR'
      ? (attributes) => terms.some((term) => term(attributes))
      : (attributes) => terms.every((term) => term(attributes));
  }

  function parseTerm(): Filter {
    if (accept('NOT') || accept('-')) {
      const term = parseTerm();
      return (attributes) => !term(attributes);
    }
    if (accept('(')) {
      const inner = parseExpression();
      expect(')');
      return inner;
    }
    if (accept('hasPrefix')) {
      expect('(', 'attributes', '.');
      const key = takeKey();
      expect(',');
      const prefix = takeString();
      expect(')');
      return (attributes) => valueOf(attributes, key)?.startsWith(prefix) ?? false;
    }
    return parseComparison();
  }

  function parseComparison(): Filter {
    expect('attributes');
    if (accept(':')) {
      const key = takeKey();
      return (attributes) => valueOf(attributes, key) !== undefined;
    }
    expect('.');
    const key = takeKey();
    // Messages without the pair match, so also those without the key.
    const unequal = accept('!=');
    if (!unequal) expect('=');
    const value = takeString();
    return (attributes) => (valueOf(attributes, key) === value) !== unequal;
  }

  const filter = parseExpression();
  if (tokens.length > 0) throw expected('the end of the filter');
  return filter;
}

/** The publisher names the keys: `__proto__` and its like are not attributes. */
function valueOf(attributes: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(attributes, key) ? attributes[key] : undefined;
}

interface Token {
  kind: 'string' | 'word' | 'symbol';
  text: string;
  at: number;
}

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
function tokenize(filter: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = filter.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const match = pattern.exec(filter);
    if (!match) throw filterError(from, 'a word, a string or an operator is expected');
    const [whole, literal, word, symbol = ''] = match;
    const at = from + whole.length - whole.trimStart().length;
    if (literal !== undefined) tokens.push({ kind: 'string', text: unquote(literal, at), at });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else tokens.push({ kind: 'symbol', text: symbol, at });
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
