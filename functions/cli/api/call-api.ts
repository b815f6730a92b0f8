import type * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { Problem } from './schema.ts';
import type { ReadToken } from './token.ts';

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
  readonly url: string;
  readonly token: ReadToken | undefined;
  readonly fetch: typeof fetch;
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
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);
const NEXT = /[?&]cursor=([A-Za-z0-9_-]+)[^>]*>; *rel="next"/;

/**
 * Throws `bad-request` for a URL that a token must not go to.
 *
 * @example
 * const api = openApi({ url, token: openToken({ token }, run), fetch });
 * const { clusters } = await api.get('/v1/fleet', {}, Page);
 */
export function openApi({ url, token, fetch: fetchIt }: ApiOptions): Api {
  const base = URL.parse(url);
  if (base === null) throw bad(`${url} is no URL: write https://HOST`);
  const safe = base.protocol === 'https:' || LOOPBACK.has(base.hostname);
  if (!safe) throw bad(`${url} is neither https nor on this machine: a token would be readable`);

  async function call(path: string, query: Query, init: RequestInit): Promise<Response> {
    const target = new URL(path, url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, value);
    }
    const sent = await token?.(false);
    let answer = await attempt(target, init, sent);
    if (answer.status === 401 && token !== undefined) {
      const renewed = await token(true);
      if (renewed !== sent) answer = await attempt(target, init, renewed);
    }
    if (answer.ok) return answer;
    throw await failureOf(answer);
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
      throw new ApiFailure(0, 'unreachable', `${target.origin} does not answer: ${textOf(cause)}`);
    }
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
    return schema.parse(await answer.json());
  }

  return {
    async get(path, query, schema) {
      const answer = await call(path, query, { headers: { accept: 'application/json' } });
      return schema.parse(await answer.json());
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
      return schema.parse(await answer.json());
    },
  };
}

async function failureOf(answer: Response): Promise<ApiFailure> {
  const { status } = answer;
  const { data } = Problem.safeParse(await answer.json().catch(() => undefined));
  const { code, detail } = data ?? { code: 'http', detail: `The service answered ${status}` };
  return new ApiFailure(status, code, detail);
}

function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown failure';
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

function bad(message: string): CountersignError {
  return new CountersignError('bad-request', message);
}

/**
 * An API that is opened by its first call, so that a verb which makes none needs no URL and no token.
 *
 * @example
 * const api = openApiLater(() => openApi({ url, token, fetch }));
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
