import { REDACTED } from '#shared/core/sent-secrets.ts';

/** Field names whose value is never logged, in the spellings of headers, of JSON and of our own code. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'Authorization',
  'proxy-authorization',
  'x-serverless-authorization',
  'x-goog-iap-jwt-assertion',
  'cookie',
  'set-cookie',
  'token',
  'idToken',
  'id_token',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'identitytoken',
  'assertion',
  'auth',
  'password',
  'secret',
  'client_secret',
  'apiKey',
  'privateKey',
  'private_key',
]);

/** How deep the names are looked for in logged fields: headers within a request within a field. */
const DEPTH = 3;

/**
 * `fields` with the values of those names replaced, as deep as `DEPTH`; what holds none of them stays as it is. By
 * hand: pino's own `redact` costs more than the rest of a line.
 */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactIn(fields, DEPTH);
}

function redactIn<Fields extends object>(fields: Fields, depth: number): Fields {
  const clean = new Map<string, unknown>();
  for (const [name, value] of Object.entries(fields)) {
    const kept = SECRET_NAMES.has(name) ? REDACTED : redactValue(value, depth - 1);
    if (kept !== value) clean.set(name, kept);
  }
  return clean.size === 0 ? fields : { ...fields, ...Object.fromEntries(clean) };
}

function redactValue(value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return redactIn(value, depth);
  const clean = value.map((item) => redactValue(item, depth - 1));
  return clean.some((item, at) => item !== value[at]) ? clean : value;
}

// Libraries put whole tokens into their errors (docs/facts/google-cloud.md#tokens).
const SECRET_TEXT = [
  /\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g,
  /\bya29\.[\w.-]+/g,
  /\b(Bearer|Basic) +[\w.~+/=-]+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
  // userinfo of a URL, up to the last "@" before its path
  /(?<=:\/\/)[^\s/?#"'<>\\]+(?=@)/g,
];

/** `text` without JSON web tokens, access tokens, authorization values, private keys and passwords in URLs. */
export function redactText(text: string): string {
  return SECRET_TEXT.reduce((clean, secret) => clean.replace(secret, REDACTED), text);
}
