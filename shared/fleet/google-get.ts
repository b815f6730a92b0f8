import { CountersignError } from '#shared/core/errors.ts';
import { type GoogleIdentity, authorizeGoogle } from './google-token.ts';
import { readRefusal, retryAfter } from './read-refusal.ts';
import { createRepeat } from './repeat.ts';
import { type Answer, sendRequest } from './send-request.ts';
import type { TransportDeps } from './transport.ts';

export interface GoogleAsk {
  readonly url: URL;
  /** What is asked for, as a subject: `Memberships of project "p"`. */
  readonly what: string;
  /** What to do about a 403 or 404. */
  readonly fix: string;
}

/** One GET of a Google API, as JSON. Throws `bad-config` for 403 and 404, `fleet-unavailable` for all else. */
export type GoogleGet = (ask: GoogleAsk) => Promise<unknown>;

export interface GoogleGetDeps extends GoogleIdentity, TransportDeps {}

/** GETs with a token, a deadline, a largest answer and retries; redirects are failures. */
export function createGoogleGet(deps: GoogleGetDeps): GoogleGet {
  const { agents, limits } = deps;
  const repeat = createRepeat(limits);

  async function exchange({ url, what }: GoogleAsk): Promise<Answer> {
    const authorization = await authorizeGoogle(url, deps);
    const headers = { Accept: 'application/json', 'User-Agent': 'countersign' };
    const call = { url, method: 'GET', headers, body: undefined, authorization };
    const bounds = { deadlineMs: limits.callMs, maxBytes: limits.answerBytes };
    try {
      return await sendRequest(call, agents, bounds);
    } catch (cause) {
      if (cause instanceof CountersignError) throw unavailable(`${what}: ${cause.message}`, false);
      throw new CountersignError(
        'fleet-unavailable',
        `${what} cannot be read: ${url.host} cannot be reached`,
        { cause },
      );
    }
  }

  async function getOnce(ask: GoogleAsk): Promise<unknown> {
    const answer = await exchange(ask);
    if (answer.status !== 200) throw readGoogleFailure(answer, ask);
    try {
      return JSON.parse(answer.text);
    } catch {
      throw unavailable(`${ask.what} cannot be read: ${ask.url.host} answered no JSON`, true);
    }
  }

  return (ask) => repeat.execute(() => getOnce(ask));
}

function readGoogleFailure(answer: Answer, { what, fix }: GoogleAsk): CountersignError {
  const { status } = answer;
  const { text } = readRefusal(answer.text);
  const message = `${what} cannot be read (${status}): ${text}`;
  if (status === 403 || status === 404) {
    return new CountersignError('bad-config', `${message}; ${fix}`);
  }
  // 401: the token expired on its way, or our clock is wrong; the next one may do.
  const retry = status === 401 || status === 429 || status >= 500;
  return new CountersignError('fleet-unavailable', message, { retry, ...retryAfter(answer) });
}

function unavailable(message: string, retry: boolean): CountersignError {
  return new CountersignError('fleet-unavailable', message, { retry });
}
