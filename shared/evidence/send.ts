import { reasonOf } from '#shared/net/network-reason.ts';
import { defined } from '#shared/core/defined.ts';
import { readStart, type BodyStart } from '#shared/net/read-body.ts';
import { MAX_ANSWER_BYTES, MAX_TOKEN_BYTES } from './limits.ts';
import { NoAnswer } from './no-answer.ts';

export interface SendDeps {
  readonly fetch: typeof fetch;
  /** The text of a file that the config names, at most so many bytes of it. */
  readonly readFile: (path: string, maxBytes: number) => Promise<string>;
}

/** One request of a check. */
export interface Sending {
  readonly url: URL;
  /** Sent by POST; absent: GET. */
  readonly form?: URLSearchParams;
  /** File of the bearer token that goes along; absent: none does. */
  readonly tokenFile?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Received extends BodyStart {
  readonly status: number;
  /** What was sent that nothing may repeat. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * One request, and the beginning of its answer. Redirects are not followed: they would take the token, or the question,
 * to where the config does not send it. Throws `NoAnswer`.
 *
 * @example
 * const { status, bytes, cut } = await send({ url, signal }, { fetch, readFile });
 */
export async function send(
  { url, form, tokenFile, signal }: Sending,
  deps: SendDeps,
): Promise<Received> {
  const headers: Record<string, string> = { 'user-agent': 'countersign' };
  if (tokenFile !== undefined) {
    headers['authorization'] = `Bearer ${await readToken(tokenFile, deps)}`;
  }
  const body = form && { method: 'POST', body: form };
  return exchange(async () => {
    const request = { headers, signal, redirect: 'manual' as const, ...defined({ ...body }) };
    const answer = await deps.fetch(url, request);
    const { status } = answer;
    return { status, headers, ...(await readStart(answer.body, MAX_ANSWER_BYTES)) };
  });
}

/** Why a status is no answer that says yes or no. */
export function noAnswer(status: number, why = ''): NoAnswer {
  if (status >= 300 && status < 400) {
    return new NoAnswer(`It redirects (${status})`, { retry: false });
  }
  const retry = status >= 500 || BUSY.has(status);
  return new NoAnswer(`It answered ${status}${why === '' ? '' : `: ${why}`}`, { retry });
}

/** Whether a status says something about what was asked, and not about the server alone. */
export function isAnswer(status: number): boolean {
  return (status < 300 || status >= 400) && status < 500 && !BUSY.has(status);
}

/** Request Timeout, Too Many Requests. */
const BUSY = new Set([408, 429]);

/** Visible ASCII: what a header may carry. */
const TOKEN = /^[\u0021-\u007e]+$/;

/** Read each time: it is replaced where it expires. */
async function readToken(path: string, { readFile }: SendDeps): Promise<string> {
  try {
    const token = (await readFile(path, MAX_TOKEN_BYTES)).trim();
    if (TOKEN.test(token)) return token;
  } catch (cause) {
    throw new NoAnswer('Its tokenFile cannot be read', { retry: false, cause });
  }
  throw new NoAnswer('Its tokenFile has no token', { retry: false });
}

async function exchange<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new NoAnswer(`It cannot be reached${reasonOf(cause)}`, { retry: true, cause });
  }
}
