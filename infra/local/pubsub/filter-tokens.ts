import { PubsubError } from './pubsub-error.ts';

export type Token =
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
export function tokenizeFilter(filter: string): Token[] {
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
export function filterError(at: number, reason: string): PubsubError {
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
