import type { FailureOptions } from '#shared/core/errors.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { MAX_TEXT } from './limits.ts';
import { googleErrorSchema, statusSchema } from './schema.ts';
import type { Answer } from './send-request.ts';

/**
 * Who wrote an error, by its body: Google's front end, the API server, Connect Gateway in a Kubernetes Status, or
 * something in between.
 */
export type Origin = 'google' | 'kubernetes' | 'gateway' | 'unknown';

export interface Refusal {
  readonly origin: Origin;
  /** One line of bounded length, for people. */
  readonly text: string;
  /** The API server knows the resource, and names the object it does not have. */
  readonly namesObject: boolean;
}

/**
 * What Connect Gateway answers as a Kubernetes Status where a cluster's agent is away: 404, "cannot connect to agent or
 * connection unexpectedly terminated …" (github.com/argoproj/argo-cd/issues/17900). No API server writes that.
 */
const AGENT_AWAY = /\b(?:connect to agent|connection unexpectedly terminated)\b/i;

/** What an API server says, in plain text, of a path that it does not serve. */
const NO_SUCH_PATH = '404 page not found';

/** Reads the body of an answer outside 2xx. */
export function readRefusal(body: string): Refusal {
  const value = parseJson(body);
  const status = statusSchema.safeParse(value);
  if (status.success) {
    const { message = 'no reason given', details } = status.data;
    const namesObject = (details?.name ?? '') !== '';
    const origin = AGENT_AWAY.test(message) ? 'gateway' : 'kubernetes';
    return { origin, text: toLine(message), namesObject: namesObject && origin === 'kubernetes' };
  }
  const google = googleErrorSchema.safeParse(value);
  if (google.success) {
    const { status: code, message } = google.data.error;
    return { origin: 'google', text: toLine(message ?? code ?? ''), namesObject: false };
  }
  const origin = body.trim() === NO_SUCH_PATH ? 'kubernetes' : 'unknown';
  return { origin, text: toLine(body), namesObject: false };
}

/** RFC 9110, section 10.2.3: seconds or a date. */
export function retryAfter({ headers }: Answer): FailureOptions {
  const value = headers['retry-after'];
  if (value === undefined) return {};
  if (/^\d{1,9}$/.test(value)) return { retryAfterMs: Number(value) * 1_000 };
  // Against the server's own clock, as far as it tells it: ours may be another.
  const now = Date.parse(headers['date'] ?? '');
  const at = Date.parse(value);
  return Number.isNaN(at - now) ? {} : { retryAfterMs: Math.max(0, at - now) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text is the other side's, and ends up in logs and events. */
function toLine(text: string): string {
  const line = withoutUrlSecrets(text.replace(/[\s\p{Cc}]+/gu, ' ').trim());
  if (line === '') return 'no reason given';
  return line.length > MAX_TEXT ? `${cutText(line, MAX_TEXT)}…` : line;
}
