/** What a secret is replaced with. */
export const REDACTED = '[redacted]';

/** Field names whose value is never logged, in the spellings of headers, of JSON and of our own code. */
const SECRET_NAMES = [
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
] as const;

/** How deep the names are looked for in logged fields: headers within a request within a field. */
const DEPTH = 3;

/** The paths that hide those names, in the notation of pino's `redact`. */
export const SECRET_PATHS: readonly string[] = SECRET_NAMES.flatMap((name) =>
  Array.from({ length: DEPTH }, (_, depth) =>
    `${'*.'.repeat(depth)}["${name}"]`.replace('.[', '['),
  ),
);

// Libraries put whole tokens into their errors (facts/google-cloud.md section 6).
const SECRET_TEXT = [
  /\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g,
  /\bya29\.[\w.-]+/g,
  /\b(Bearer|Basic) +[\w.~+/=-]+/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g,
  // userinfo of a URL
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
];

/** `text` without JSON web tokens, access tokens, authorization values, private keys and passwords in URLs. */
export function redactText(text: string): string {
  return SECRET_TEXT.reduce((clean, secret) => clean.replace(secret, REDACTED), text);
}
