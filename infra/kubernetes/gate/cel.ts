import { CountersignError } from '#shared/core/errors.ts';

/** cel-go parses no expression of more code points, and the API server uses its default. */
const MAX_EXPRESSION = 100_000;

/**
 * `text` as a CEL string literal (CEL specification, "Lexis"): JSON's escapes are among CEL's, but a lone surrogate
 * is no character there. Nothing in `text` can end the literal.
 */
export function celString(text: string): string {
  if (!text.isWellFormed()) {
    throw new CountersignError('bad-config', `Text ${JSON.stringify(text)} has half a character`);
  }
  return JSON.stringify(text);
}

/** A CEL list of string literals. */
export function celList(texts: readonly string[]): string {
  return `[${texts.map(celString).join(', ')}]`;
}

/** Throws `bad-config` for an expression that no API server would take; `field` of the config made it so long. */
export function checkLength(expression: string, field: string): string {
  if (expression.length <= MAX_EXPRESSION) return expression;
  throw new CountersignError(
    'bad-config',
    `Config has too much in ${field} for a gate: ${expression.length} characters of CEL, of ${MAX_EXPRESSION}; shorten it`,
  );
}
