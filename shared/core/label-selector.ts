import { CountersignError } from './errors.ts';

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

/** A symbol or a word; empty at the end of the text. */
interface Token {
  readonly text: string;
  /** Index of its first character. */
  readonly at: number;
}

const TOKEN = /==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+/g;
const OPERATORS: ReadonlyMap<string, Requirement['operator']> = new Map([
  ['=', 'in'],
  ['==', 'in'],
  ['!=', 'notin'],
  ['in', 'in'],
  ['notin', 'notin'],
  ['>', 'above'],
  ['<', 'below'],
]);
const MAX_NAME = 63;
const MAX_PREFIX = 253;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const VALUE = `a label value of at most ${MAX_NAME} letters, digits, "-", "_", "."`;
const INTEGER = /^[+-]?[0-9]+$/;
const MAX_INT64 = 2n ** 63n - 1n;

/** Reads `env in (staging, prod), tier != sandbox, !legacy`. Throws `bad-config` that names the character it stopped at. */
export function parseSelector(text: string): Selector {
  const tokens = [...text.matchAll(TOKEN)].map((found) => ({ text: found[0], at: found.index }));
  const peek = (): Token => tokens[0] ?? { text: '', at: text.length };
  const next = (): Token => tokens.shift() ?? peek();

  function take(isExpected: (text: string) => boolean, expected: string): Token {
    const token = next();
    if (isExpected(token.text)) return token;
    const found = token.at === text.length ? 'the end' : JSON.stringify(token.text);
    throw new CountersignError(
      'bad-config',
      `Label selector ${JSON.stringify(text)} has ${found} at character ${token.at + 1}, where ${expected} is expected`,
    );
  }

  function readRequirement(): Requirement {
    const isNegated = peek().text === '!';
    if (isNegated) next();
    const key = take(isKey, 'a label key such as "env" or "example.com/env"').text;
    if (isNegated) return { key, operator: 'absent', values: [] };
    if (isOver(peek())) return { key, operator: 'exists', values: [] };
    const written = take((one) => OPERATORS.has(one), '"=", "!=", "in", "notin", "<" or ">"').text;
    const operator = OPERATORS.get(written) ?? 'in';
    if (written === operator) return { key, operator, values: readSet() };
    if (operator === 'above' || operator === 'below') {
      return { key, operator, values: [take(isInteger, 'an integer').text] };
    }
    // `a=`, alone or before a comma, compares with the empty value.
    return { key, operator, values: [isOver(peek()) ? '' : take(isValue, VALUE).text] };
  }

  /**
   * `(a, b)`. A place left empty stands for the empty value: `()`, `(,a)`, `(a,)`, `(a,,b)`; but `(a,,)` is an error,
   * for that is how apimachinery reads it.
   */
  function readSet(): readonly string[] {
    take((one) => one === '(', '"("');
    const values: string[] = peek().text === ')' ? [''] : [];
    let isOpen = false;
    while (isOpen || peek().text !== ')') {
      const { text: found } = take((one) => one === ',' || isValue(one), `"," or ${VALUE}`);
      const ends = [',', ')'].includes(peek().text);
      isOpen = found === ',' && peek().text === ',';
      if (found !== ',') {
        values.push(found);
        if (!ends) take(() => false, '"," or ")"');
      } else {
        if (values.length === 0) values.push('');
        if (ends) values.push('');
        if (isOpen) next();
      }
    }
    next();
    return values;
  }

  const requirements: Requirement[] = [];
  while (tokens.length > 0) {
    requirements.push(readRequirement());
    if (tokens.length === 0) break;
    take((one) => one === ',', '"," or the end');
    // "a," is an error: a selector that was cut short must not select more than it was meant to.
    if (tokens.length === 0) take(isKey, 'a label key after ","');
  }
  return requirements;
}

/**
 * Whether labels meet every requirement of the selector in `text`; without one, all do. `!=` and `notin` hold where the
 * key is absent, as in Kubernetes. Throws as `parseSelector`, at once.
 *
 * @example
 * const selects = createSelector('env in (staging, prod)');
 */
export function createSelector(
  text: string | undefined,
): (labels: Readonly<Record<string, string>>) => boolean {
  const selector = parseSelector(text ?? '');
  return (labels) =>
    selector.every((one) =>
      meets(one, Object.hasOwn(labels, one.key) ? labels[one.key] : undefined),
    );
}

/**
 * Whether all that `inner` selects is selected by `outer` too, as far as their requirements show it: each of the outer
 * one stands in the inner one as well. Throws as `parseSelector`.
 *
 * @example
 * isWithin('env = prod, region = eu', 'env = prod') // true
 */
export function isWithin(inner: string, outer: string): boolean {
  const written = new Set(parseSelector(inner).map((one) => JSON.stringify(one)));
  return parseSelector(outer).every((one) => written.has(JSON.stringify(one)));
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

function isOver({ text }: Token): boolean {
  return text === '' || text === ',';
}

function isKey(text: string): boolean {
  const [first = '', second, ...more] = text.split('/');
  const name = second ?? first;
  const goodPrefix = second === undefined || (first.length <= MAX_PREFIX && PREFIX.test(first));
  return more.length === 0 && goodPrefix && isValue(name);
}

function isValue(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text);
}

function isInteger(text: string): boolean {
  return isValue(text) && parseInteger(text) !== undefined;
}

/** As Go's ParseInt(…, 10, 64): undefined where it fails, overflow included. */
function parseInteger(text: string | undefined): bigint | undefined {
  if (text === undefined || !INTEGER.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return value <= MAX_INT64 && value >= -MAX_INT64 - 1n ? value : undefined;
}
