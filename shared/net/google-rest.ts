import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import { NO_GOOGLE_TOKEN } from '#shared/core/google-host.ts';
import { secretsIn, withoutSecrets } from '#shared/core/sent-secrets.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { disabledApiFix } from './google-disabled.ts';
import { parseJson } from './json.ts';
import { reasonOf } from './network-reason.ts';
import { readStart } from './read-body.ts';
import { readRetryAfter } from './retry.ts';

/** Our identity, and where it may be shown. */
export interface GoogleIdentity {
  /** An access token that is valid now; asked for before each attempt, so it is to remember it. */
  readonly googleToken: () => Promise<string>;
  /** Whether the token may go there: compared whole, and asked before each one is sent. */
  readonly trusts: (url: URL) => boolean;
}

/** One request of a Google API. */
export interface GoogleAsk {
  readonly url: URL;
  /** Sent as JSON by POST; absent: GET. */
  readonly body?: object;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Largest answer of status 200; of a refusal at most 16 KiB are read, for its status and text. */
  readonly maxBytes: number;
}

export interface GoogleRestDeps {
  readonly fetch: typeof fetch;
  /** Undefined: an emulator, which gets no token. */
  readonly identity: GoogleIdentity | undefined;
}

/** Why one attempt failed. `message` follows the name of the API: `it answered 403 PERMISSION_DENIED: …`. */
export class GoogleFailure extends Error {
  override readonly name = 'GoogleFailure';
  /** Whether the same attempt may do better a little later. */
  readonly retry: boolean;
  readonly retryAfterMs: number | undefined;
  /** Of the answer, where there was one. */
  readonly httpStatus: number | undefined;
  /** Canonical status (AIP-193), `PERMISSION_DENIED`. */
  readonly status: string | undefined;
  /** What enables the API; undefined: it is not disabled. */
  readonly enable: string | undefined;

  constructor(
    message: string,
    options: Partial<Pick<GoogleFailure, 'retryAfterMs' | 'httpStatus' | 'status' | 'enable'>> & {
      readonly retry: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retry = options.retry;
    this.retryAfterMs = options.retryAfterMs;
    this.httpStatus = options.httpStatus;
    this.status = options.status;
    this.enable = options.enable;
  }
}

const MAX_REFUSAL_BYTES = 16 * 1024;
/** As much of an API's own words as a message carries. */
const MAX_TEXT = 1_000;

/** Standard error of Google's APIs (AIP-193). */
const refusalSchema = z.object({
  error: z.looseObject({
    code: z.number().optional(),
    status: z.string().optional(),
    message: z.string().optional(),
  }),
});

/**
 * One attempt at one call, in order: the token, if it may go there; the request, whose redirects are failures; the
 * answer, counted; its status; its JSON. Gives the JSON value of a 200. Throws `GoogleFailure`, and `bad-config` where
 * the token may not go. A stream is an array in JSON: one that fails midway answers 200, with the refusal as its last
 * element.
 *
 * @example
 * const answer = await repeat((signal) => askGoogle({ url, signal, maxBytes: 65_536 }, { fetch, identity }));
 */
export async function askGoogle(ask: GoogleAsk, deps: GoogleRestDeps): Promise<unknown> {
  const { url, body, signal, maxBytes } = ask;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (deps.identity !== undefined) {
    headers['authorization'] = await authorizationFor(url, deps.identity);
  }
  const request: RequestInit = { headers, signal, redirect: 'error' };
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    Object.assign(request, { method: 'POST', body: JSON.stringify(body) });
  }
  const { status, retryAfter, bytes, cut } = await exchange(async () => {
    const answer = await deps.fetch(url, request);
    const limit = answer.status === 200 ? maxBytes : MAX_REFUSAL_BYTES;
    return {
      status: answer.status,
      retryAfter: retryAfterOf(answer.headers),
      ...(await readStart(answer.body, limit)),
    };
  });
  if (status !== 200) {
    // What it repeats of our credentials is not shown.
    const text = withoutSecrets(bytes.toString('utf8'), secretsIn(headers));
    throw readRefusal(status, text, retryAfter);
  }
  if (cut) {
    throw new GoogleFailure(`its answer is larger than ${maxBytes} bytes`, { retry: false });
  }
  const value = parseJson(bytes);
  if (value === undefined) throw new GoogleFailure('it answered no JSON', { retry: true });
  const last = refusalSchema.safeParse(Array.isArray(value) ? value.at(-1) : undefined).data?.error;
  if (last?.code !== undefined) throw readRefusal(last.code, JSON.stringify({ error: last }));
  return value;
}

/**
 * `Bearer <token>` for that URL. Throws `bad-config` where no token may go, and `GoogleFailure` where there is none.
 */
export async function authorizationFor(
  url: URL,
  { googleToken, trusts }: GoogleIdentity,
): Promise<string> {
  if (!trusts(url)) {
    throw new CountersignError('bad-config', `A Google token is not sent to ${url.origin}`);
  }
  try {
    return `Bearer ${await googleToken()}`;
  } catch (cause) {
    throw new GoogleFailure(NO_GOOGLE_TOKEN, { retry: true, cause });
  }
}

/** `trusts` for an API at one origin, such as `https://cloudkms.googleapis.com`. */
export function trustsOrigin(origin: string): GoogleIdentity['trusts'] {
  return (url) => url.origin === origin && url.username === '' && url.password === '';
}

async function exchange<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const message = `it cannot be reached${reasonOf(cause)}`;
    throw new GoogleFailure(message, { retry: !isRedirect(cause), cause });
  }
}

/** What `fetch` throws in Node where a redirect is an error: another attempt would be redirected, too. */
function isRedirect(error: unknown): boolean {
  return error instanceof TypeError && /redirect/.test(String(error.cause));
}

/** Against the server's own clock, as far as it says it: ours may be another. */
function retryAfterOf(headers: Headers): number | undefined {
  return readRetryAfter(headers.get('retry-after'), Date.parse(headers.get('date') ?? ''));
}

/** The failure in an answer that is not 200. Streaming calls wrap their refusal into an array. */
function readRefusal(httpStatus: number, text: string, retryAfterMs?: number): GoogleFailure {
  const value = parseJson(text);
  const refusal = refusalSchema.safeParse(Array.isArray(value) ? value[0] : value).data?.error;
  const { status, message = refusal === undefined ? text : refusal.status } = refusal ?? {};
  // 401: the token expired on its way. 409 is also ALREADY_EXISTS, which another attempt would not change.
  const retry = [401, 408, 429].includes(httpStatus) || httpStatus >= 500 || status === 'ABORTED';
  const answered = `it answered ${httpStatus}${status === undefined ? '' : ` ${status}`}`;
  return new GoogleFailure(`${answered}: ${toLine(message ?? '')}`, {
    retry,
    httpStatus,
    status,
    retryAfterMs,
    enable: disabledApiFix(refusal),
  });
}

/** One line of bounded length, for people: it ends up in logs and events. */
export function toLine(text: string): string {
  const line = withoutUrlSecrets(text.replace(/[\s\p{Cc}]+/gu, ' ').trim());
  if (line === '') return 'no reason given';
  return line.length > MAX_TEXT ? `${cutText(line, MAX_TEXT)}…` : line;
}
