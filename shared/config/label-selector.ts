import { CountersignError } from '#shared/core/errors.ts';

/**
 * A Kubernetes label selector: every requirement must hold; none at all matches everything. The grammar is that of
 * apimachinery's `labels.Parse`, corner cases included, so that a text means here what kubectl makes of it.
 */
export type Selector = readonly Requirement[];

export interface Requirement {
  readonly key: string;
  /** `=` and `==` are `in` with one value, `!=` is `notin` with one. */
  readonly operator: 'in' | 'notin' | 'exists' | 'absent' | 'above' | 'below';
  readonly values: readonly string[];
}

interface Token {
  readonly kind: 'word' | 'symbol' | 'end';
  readonly text: string;
  /** Index of its first character. */
  readonly at: number;
}

interface Reader {
  peek(): Token;
  next(): Token;
}

const SPACE = /[ \t\r\n]/;
const SPECIAL = /[=!(),<>]/;
const SYMBOLS = ['==', '!=', '=', '!', '(', ')', ',', '<', '>'];
const MAX_NAME = 63;
const MAX_PREFIX = 253;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const INTEGER = /^[+-]?[0-9]+$/;
const MAX_INT64 = 2n ** 63n - 1n;

/** Reads `env in (staging, prod), tier != sandbox, !legacy`. Throws `bad-config` that names the character it stopped at. */
export function parseSelector(text: string): Selector {
  const reader = createReader(text);
  const requirements: Requirement[] = [];
  while (reader.peek().kind !== 'end') {
    requirements.push(readRequirement(text, reader));
    const separator = reader.next();
    if (separator.kind === 'end') break;
    if (!isSymbol(separator, ',')) throw unexpected(text, separator, '"," or the end');
    // "a," is an error: a selector that was cut short must not select more than it was meant to.
    if (reader.peek().kind === 'end')
      throw unexpected(text, reader.peek(), 'a label key after ","');
  }
  return requirements;
}

/** Whether `labels` meet every requirement; `!=` and `notin` hold where the key is absent, as in Kubernetes. */
export function matchesSelector(
  selector: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return selector.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    return meets(requirement, value);
  });
}

/**
 * Whether labels meet the selector in `text`; without one, all do. Throws as `parseSelector`, at once.
 *
 * @example
 * const selects = createSelector('env in (staging, prod)');
 */
export function createSelector(
  text: string | undefined,
): (labels: Readonly<Record<string, string>>) => boolean {
  const selector = parseSelector(text ?? '');
  return (labels) => matchesSelector(selector, labels);
}

function meets({ operator, values }: Requirement, value: string | undefined): boolean {
  if (operator === 'exists') return value !== undefined;
  if (operator === 'absent') return value === undefined;
  if (operator === 'in') return value !== undefined && values.includes(value);
  if (operator === 'notin') return value === undefined || !values.includes(value);
  const actual = parseInteger(value);
  const bound = parseInteger(values[0]);
  if (actual === undefined || bound === undefined) return false;
  return operator === 'above' ? actual > bound : actual < bound;
}

function readRequirement(text: string, reader: Reader): Requirement {
  const negated = isSymbol(reader.peek(), '!');
  if (negated) reader.next();
  const name = reader.next();
  if (name.kind !== 'word') throw unexpected(text, name, 'a label key');
  const key = name.text;
  checkKey(text, name);
  if (negated) return { key, operator: 'absent', values: [] };
  const following = reader.peek();
  if (following.kind === 'end' || isSymbol(following, ',')) {
    return { key, operator: 'exists', values: [] };
  }
  const operator = reader.next();
  const values = isSet(operator) ? readSet(text, reader) : readValue(text, reader, operator);
  for (const value of values) checkValue(text, value);
  return { key, operator: operatorOf(text, operator, values), values: values.map((v) => v.text) };
}

function operatorOf(text: string, token: Token, values: readonly Token[]): Requirement['operator'] {
  if (isSet(token)) return token.text === 'in' ? 'in' : 'notin';
  if (token.text === '!=') return 'notin';
  if (token.text !== '>' && token.text !== '<') return 'in';
  const [value] = values;
  if (value === undefined || parseInteger(value.text) === undefined) {
    throw unexpected(text, value ?? token, 'an integer');
  }
  return token.text === '>' ? 'above' : 'below';
}

function isSet(token: Token): boolean {
  return token.kind === 'word' && (token.text === 'in' || token.text === 'notin');
}

/** `a=`, alone or before a comma, compares with the empty value. */
function readValue(text: string, reader: Reader, operator: Token): readonly Token[] {
  if (operator.kind !== 'symbol' || !['=', '==', '!=', '<', '>'].includes(operator.text)) {
    throw unexpected(text, operator, '"=", "!=", "in", "notin", "<" or ">"');
  }
  const following = reader.peek();
  if (following.kind === 'end' || isSymbol(following, ',')) {
    return [emptyAt(following)];
  }
  const value = reader.next();
  if (value.kind !== 'word') throw unexpected(text, value, 'a value');
  return [value];
}

/**
 * `(a, b)`. A place left empty stands for the empty value: `()`, `(,a)`, `(a,)`, `(a,,b)`; but `(a,,)` is an error,
 * for that is how apimachinery reads it.
 */
function readSet(text: string, reader: Reader): readonly Token[] {
  const open = reader.next();
  if (!isSymbol(open, '(')) throw unexpected(text, open, '"("');
  if (isSymbol(reader.peek(), ')')) return [emptyAt(reader.next())];
  const values: Token[] = [];
  for (;;) {
    const token = reader.next();
    if (token.kind === 'word') {
      values.push(token);
      if (isSymbol(reader.peek(), ')')) break;
      if (!isSymbol(reader.peek(), ',')) throw unexpected(text, reader.peek(), '"," or ")"');
      continue;
    }
    if (!isSymbol(token, ',')) throw unexpected(text, token, 'a value or ","');
    if (values.length === 0) values.push(emptyAt(token));
    if (isSymbol(reader.peek(), ',')) values.push(emptyAt(reader.next()));
    else if (isSymbol(reader.peek(), ')')) {
      values.push(emptyAt(reader.peek()));
      break;
    }
  }
  reader.next();
  return values;
}

function emptyAt({ at }: Token): Token {
  return { kind: 'word', text: '', at };
}

function createReader(text: string): Reader {
  let at = 0;
  function scan(): Token {
    while (at < text.length && SPACE.test(text.charAt(at))) at += 1;
    if (at >= text.length) return { kind: 'end', text: '', at };
    const symbol = SYMBOLS.find((candidate) => text.startsWith(candidate, at));
    if (symbol !== undefined) return take('symbol', at + symbol.length);
    let end = at;
    while (end < text.length && !SPACE.test(text.charAt(end)) && !SPECIAL.test(text.charAt(end))) {
      end += 1;
    }
    return take('word', end);
  }
  function take(kind: 'word' | 'symbol', end: number): Token {
    const token = { kind, text: text.slice(at, end), at };
    at = end;
    return token;
  }
  let ahead = scan();
  return {
    peek: () => ahead,
    next: () => {
      const token = ahead;
      ahead = scan();
      return token;
    },
  };
}

function isSymbol(token: Token, symbol: string): boolean {
  return token.kind === 'symbol' && token.text === symbol;
}

function checkKey(text: string, token: Token): void {
  const [first = '', second, ...more] = token.text.split('/');
  const name = second ?? first;
  const goodPrefix = second === undefined || (first.length <= MAX_PREFIX && PREFIX.test(first));
  if (more.length > 0 || !goodPrefix || name.length > MAX_NAME || !NAME.test(name)) {
    throw unexpected(text, token, 'a label key such as "env" or "example.com/env"');
  }
}

function checkValue(text: string, token: Token): void {
  if (token.text !== '' && (token.text.length > MAX_NAME || !NAME.test(token.text))) {
    throw unexpected(
      text,
      token,
      `a label value of at most ${MAX_NAME} letters, digits, "-", "_", "."`,
    );
  }
}

/** As Go's ParseInt(…, 10, 64): undefined where it fails, overflow included. */
function parseInteger(text: string | undefined): bigint | undefined {
  if (text === undefined || !INTEGER.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return value <= MAX_INT64 && value >= -MAX_INT64 - 1n ? value : undefined;
}

function unexpected(text: string, token: Token, expected: string): CountersignError {
  const found = token.kind === 'end' ? 'the end' : JSON.stringify(token.text);
  return new CountersignError(
    'bad-config',
    `Label selector ${JSON.stringify(text)} has ${found} at character ${token.at + 1}, where ${expected} is expected`,
  );
}
