import type * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { sayRefused, type RefusedToken } from './say-refused.ts';
import { Problem } from './schema.ts';
import type { Tokens } from './token.ts';

/** The API, as a person's terminal calls it. Every call throws `ApiFailure` or `CountersignError`. */
export interface Api {
  get<T>(path: string, query: Query, schema: z.ZodType<T>): Promise<T>;
  /** One page, the cursor of the next, and how much of what it shows is not well. */
  text(path: string, query: Query): Promise<{ text: string; next?: string; unwell: number }>;
  post<T>(path: string, body: object, schema: z.ZodType<T>, key?: string): Promise<T>;
  put<T>(path: string, body: object, schema: z.ZodType<T>, key?: string): Promise<T>;
  /** What there is to say goes into the query: not every front end passes the body of a DELETE on. */
  delete<T>(path: string, query: Query, schema: z.ZodType<T>, key?: string): Promise<T>;
}

export type Query = Readonly<Record<string, string | undefined>>;

export interface ApiOptions {
  readonly url: URL;
  /** What named the URL: an option, a variable, a context. */
  readonly from: string;
  readonly tokens: Tokens;
  readonly fetch: typeof fetch;
  readonly date: () => Date;
  /** Waits so many seconds, because the API asks this caller to; absent: a call that is refused so fails. */
  readonly pause?: (seconds: number) => Promise<void>;
}

/** What the API said no with; `code` is its own. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** As long as the API itself may take, with room to spare. */
const CALL_LIMIT_MS = 60_000;
/** For one call, in seconds: the API counts what a caller spends by the minute. */
const MAX_PAUSE = 60;
const NEXT = /[?&]cursor=([A-Za-z0-9_-]+)[^>]*>; *rel="next"/;

/**
 * The API at a URL that `checkUrl` let pass.
 *
 * @example
 * const api = openApi({ url, from: '--url', tokens, fetch, date });
 * const { clusters } = await api.get('/v1/fleet', {}, Page);
 */
export function openApi({ url, from, tokens, date, pause, fetch: fetchIt }: ApiOptions): Api {
  async function call(path: string, query: Query, init: RequestInit): Promise<Response> {
    const target = new URL(path, url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, value);
    }
    let sent = await tokens.read(false);
    let answer = await attemptInTurn(target, init, sent);
    if (answer.status === 401 && tokens.renews) {
      const renewed = await tokens.read(true);
      if (renewed !== sent) answer = await attemptInTurn(target, init, renewed);
      sent = renewed;
    }
    if (answer.ok) return answer;
    throw await failureOf(answer, target, { sent, origin: tokens.origin(), now: date() });
  }

  /** A caller who has asked too often waits: of a request that was refused so, nothing was done. */
  async function attemptInTurn(...request: Parameters<typeof attempt>): Promise<Response> {
    for (let left = MAX_PAUSE; ; ) {
      const answer = await attempt(...request);
      const seconds = Math.ceil(Number(answer.headers.get('retry-after')));
      const mayWait = seconds > 0 && seconds <= left;
      if (answer.status !== 429 || pause === undefined || !mayWait) return answer;
      left -= seconds;
      await answer.body?.cancel();
      await pause(seconds);
    }
  }

  async function attempt(
    target: URL,
    init: RequestInit,
    sent: string | undefined,
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    if (sent !== undefined) headers.set('authorization', `Bearer ${sent}`);
    const signal = AbortSignal.timeout(CALL_LIMIT_MS);
    try {
      // A redirect would take the token along to another host.
      return await fetchIt(target, { ...init, headers, signal, redirect: 'error' });
    } catch (cause) {
      throw unreachable(target.origin, cause);
    }
  }

  function unreachable(origin: string, cause: unknown): ApiFailure {
    const { text, code } = reasonOf(cause);
    return new ApiFailure(0, code, `${origin} (${from}) does not answer: ${text}`);
  }

  /** Throws `misbehaved` for what is no answer of this API, a page to sign in for one. */
  async function read<T>(answer: Response, schema: z.ZodType<T>): Promise<T> {
    const text = await answer.text().catch((cause: unknown) => {
      throw unreachable(url.origin, cause);
    });
    const { data } = schema.safeParse(parseJson(text));
    if (data !== undefined) return data;
    const type = answer.headers.get('content-type') ?? 'no type';
    const message = `${url.origin} (${from}) answers with something else than this API (${type}): see that it is the URL of Countersign's`;
    throw new ApiFailure(answer.status, 'misbehaved', message);
  }

  async function send<T>(
    method: string,
    path: string,
    body: object,
    schema: z.ZodType<T>,
    key?: string,
  ): Promise<T> {
    const headers = defined({ 'content-type': 'application/json', 'idempotency-key': key });
    const answer = await call(path, {}, { method, headers, body: JSON.stringify(body) });
    return read(answer, schema);
  }

  return {
    async get(path, query, schema) {
      const answer = await call(path, query, { headers: { accept: 'application/json' } });
      return read(answer, schema);
    },
    async text(path, query) {
      const answer = await call(path, query, { headers: { accept: 'text/plain' } });
      const [, next] = NEXT.exec(answer.headers.get('link') ?? '') ?? [];
      const unwell = Number(answer.headers.get('countersign-unwell') ?? 0);
      return { text: await answer.text(), unwell, ...defined({ next }) };
    },
    post: (path, body, schema, key) => send('POST', path, body, schema, key),
    put: (path, body, schema, key) => send('PUT', path, body, schema, key),
    async delete(path, query, schema, key) {
      const headers = defined({ accept: 'application/json', 'idempotency-key': key });
      const answer = await call(path, query, { method: 'DELETE', headers });
      return read(answer, schema);
    },
  };
}

async function failureOf(
  answer: Response,
  target: URL,
  refused: RefusedToken,
): Promise<ApiFailure> {
  const { status } = answer;
  const { data } = Problem.safeParse(await answer.json().catch(() => undefined));
  const { origin, pathname } = target;
  const { code, detail } = data ?? {
    code: 'http',
    detail: `${origin}${pathname} answered ${status}`,
  };
  // Of a path that the service does not have: it is older, or another one.
  const place = code === 'not-found' && /\bpath\b/.test(detail) ? `${origin}${pathname}: ` : '';
  const message = status === 401 ? sayRefused(detail, refused) : `${place}${detail}`;
  return new ApiFailure(status, code, message);
}

/** Codes of Node that say that no later call will be answered either: the name is wrong, or the certificate. */
const FOR_GOOD = /^(?:ENOTFOUND|CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function reasonOf(failure: unknown): { readonly text: string; readonly code: string } {
  const cause =
    failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
  const text = cause instanceof Error ? cause.message : 'unknown failure';
  const known = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return { text, code: FOR_GOOD.test(known) ? 'unreachable-for-good' : 'unreachable' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * An API that is opened by its first call, so that a verb which makes none needs no URL and no token.
 *
 * @example
 * const api = openApiLater(() => openApi({ url, from, tokens, fetch, date, pause }));
 */
export function openApiLater(open: () => Api | Promise<Api>): Api {
  let opened: Promise<Api> | undefined;
  const api = (): Promise<Api> => (opened ??= Promise.resolve().then(open));
  return {
    get: async (path, query, schema) => (await api()).get(path, query, schema),
    text: async (path, query) => (await api()).text(path, query),
    post: async (path, body, schema, key) => (await api()).post(path, body, schema, key),
    put: async (path, body, schema, key) => (await api()).put(path, body, schema, key),
    delete: async (path, query, schema, key) => (await api()).delete(path, query, schema, key),
  };
}
