import * as z from 'zod';
import { parseStrictJson, type StrictRules } from '#shared/net/strict-json.ts';
import { type Refusal, refuse } from './candidate.ts';
import { MAX_DIGITS, MAX_JSON_DEPTH } from './limits.ts';

/** Fields whose keys are anyone's: Go fills a map with them, in which keys that differ in case only are two. */
const MAPS: ReadonlySet<string> = new Set(['optional', 'annotations']);

const RULES: StrictRules = {
  maxDepth: MAX_JSON_DEPTH,
  refused: ['__proto__'],
  parse: parseExact,
  // A predicate may fill a structure, and may list variables of an environment, which differ.
  foldingIn(outer, key) {
    if (outer !== 'fold') return outer;
    if (MAPS.has(key)) return 'exact';
    return key === 'predicate' ? 'names' : 'fold';
  },
};

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
  const json = parseStrictJson(bytes, RULES);
  return 'problem' in json
    ? refuse('malformed', `${what} ${json.problem}`)
    : checkSchema(json.value, schema, what);
}

/** Checks a parsed value; the first problem names the field. */
export function checkSchema<T extends object>(
  value: unknown,
  schema: z.ZodType<T>,
  what: string,
): T | Refusal {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'body';
  return refuse('malformed', `${what} has a wrong or missing ${field}`);
}

/** Longer runs of digits may be a number that JSON.parse rounds. */
const MAY_ROUND = /[0-9]{16}/;
const INTEGER = /^-?[0-9]+$/;

function parseExact(text: string): unknown {
  try {
    return MAY_ROUND.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
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

/** Canonical, padded base64, else undefined: `Buffer.from` skips junk, and two texts would be one signature. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}

/** The same where a shell has wrapped the text: CR and LF alone are passed over, as in `cosign verify`. */
export function decodeWrappedBase64(text: string): Buffer | undefined {
  return decodeBase64(text.replaceAll(/[\r\n]/g, ''));
}

/** Canonical base64 in JSON, as bytes; `maxBytes` is looked at before anything is decoded. */
export function base64Of(maxBytes: number): z.ZodType<Buffer, string> {
  return z
    .string()
    .max(Math.ceil(maxBytes / 3) * 4)
    .transform((text, context) => {
      const bytes = decodeBase64(text);
      if (bytes !== undefined) return bytes;
      context.addIssue('Not base64');
      return z.NEVER;
    });
}

/** Of anything that only the size of its document bounds. */
export const base64Bytes = base64Of(Number.MAX_SAFE_INTEGER);

const BLOCK = /^-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----$/;

/** The one block of a PEM text (RFC 7468), or undefined: a second block is a chain, which has no place here. */
export function pemToDer(text: string): { label: string; der: Buffer } | undefined {
  const [, label = '', body = ''] = BLOCK.exec(text.trim()) ?? [];
  const der = decodeBase64(body.replaceAll(/\r?\n/g, ''));
  return der === undefined ? undefined : { label, der };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, DER, and no text between them. Undefined where one is not base64, or above `max`. */
export function pemBlocks(text: string, max: number): readonly Buffer[] | undefined {
  const blocks = (text.match(CERTIFICATE) ?? []).map((block) => pemToDer(block)?.der);
  const read = blocks.filter((der) => der !== undefined);
  return read.length === blocks.length && read.length <= max ? read : undefined;
}
