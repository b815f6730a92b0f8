import { defined } from './defined.ts';
import { CountersignError } from './errors.ts';

/** What a secret is replaced with. */
export const REDACTED = '[redacted]';

/** A shorter one is in too many texts by chance, and would be no secret. */
const MIN_SECRET = 6;

/** Headers that carry credentials, no matter who set them. */
const CREDENTIAL = /authorization|token|cookie|api-?key|secret|password/i;
/** An escaped character of a JSON text; a pair of backslashes is one, so that what follows it is none. */
const ESCAPE = /\\(?:u00([2-7][0-9a-f])|\/|[^/])/gi;

/** The secrets in the headers of one request, longest first: each credential, and of Basic the pair and the password. */
export function secretsIn(
  headers: Readonly<Record<string, string | readonly string[]>>,
): readonly string[] {
  const found = Object.entries(headers).flatMap(([name, value]) =>
    CREDENTIAL.test(name) ? [value].flat().flatMap(secretsOf) : [],
  );
  return [...new Set(found)]
    .filter(({ length }) => length >= MIN_SECRET)
    .toSorted((a, b) => b.length - a.length);
}

/** `text`, which the receiver of the secrets sent back, without them. Linear in its length. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text;
  // A JSON text may write any letter of a secret as an escape, which no honest writer does.
  const isEscaped = text.includes('\\u00') || text.includes('\\/');
  const plain = isEscaped ? text.replaceAll(ESCAPE, unescape) : text;
  const isFound = secrets.some((secret) => plain.includes(secret));
  if (!isFound && !isEscaped) return text;
  const spelled = isFound ? plain : text;
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, REDACTED), spelled);
}

/** A shorter one may be in an honest answer by chance. */
const MIN_REPEATED = 20;

/** Whether what was received repeats one of the secrets. */
export function repeatsSecret(
  { headers, bytes }: { readonly headers: Headers; readonly bytes: Uint8Array },
  secrets: readonly string[],
): boolean {
  const long = secrets.filter(({ length }) => length >= MIN_REPEATED);
  if (long.length === 0) return false;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = [...headers.values()];
  return long.some(
    (secret) => buffer.includes(secret) || values.some((value) => value.includes(secret)),
  );
}

/** The failure without the secrets in what it says, in lower case too, as the host of an address has them. */
export function failureWithoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof CountersignError)) return error;
  const spellings = secrets.flatMap((secret) => [secret, secret.toLowerCase()]);
  const message = withoutSecrets(error.message, spellings);
  if (message === error.message) return error;
  const { code, cause, retry, retryAfterMs } = error;
  return new CountersignError(code, message, defined({ cause, retry, retryAfterMs }));
}

function secretsOf(value: string): readonly string[] {
  const [, scheme = '', credential = value] = /^([A-Za-z]+) +(.+)$/.exec(value.trim()) ?? [];
  if (scheme.toLowerCase() !== 'basic') return [credential];
  const pair = Buffer.from(credential, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return [credential, pair, ...(colon < 0 ? [] : [pair.slice(colon + 1)])];
}

function unescape(escaped: string, code?: string): string {
  if (escaped === '\\/') return '/';
  if (code === undefined) return escaped;
  const letter = String.fromCharCode(Number.parseInt(code, 16));
  return letter === '"' || letter === '\\' || letter === '\u007f' ? escaped : letter;
}
