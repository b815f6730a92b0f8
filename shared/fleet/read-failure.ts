import { CountersignError, type FailureOptions } from '#shared/core/errors.ts';
import { MAX_TEXT } from './limits.ts';
import type { Verb } from './pace.ts';
import { googleErrorSchema, statusSchema } from './schema.ts';
import type { Answer } from './send-request.ts';

/** Who wrote an error, told by its body: Google's front end, the API server, or something in between. */
type Origin = 'google' | 'kubernetes' | 'unknown';

interface Refusal {
  readonly origin: Origin;
  readonly text: string;
  /** The API server knows the resource, and names the object it does not have. */
  readonly namesObject: boolean;
}

/** RBAC's wording, impersonation included; admission speaks freely under the same 403. */
const RBAC = / cannot [a-z]+ resource /;

/** What an answer outside 2xx means (facts/google-cloud.md section 4). `cluster` is for people. */
export function readFailure(answer: Answer, verb: Verb, cluster: string): CountersignError {
  const { status } = answer;
  const refusal = readRefusal(answer.text);
  const { origin, text, namesObject } = refusal;
  const who = `Cluster ${JSON.stringify(cluster)}`;
  if (status === 401) {
    return new CountersignError(
      'cluster-forbidden',
      origin === 'google'
        ? `Google does not accept our credentials: ${text}`
        : `${who} does not accept our credentials: ${text}`,
    );
  }
  if (status === 403) return readForbidden(refusal, verb, who);
  if (status === 404) {
    if (origin === 'google') {
      return new CountersignError('cluster-unreachable', `${who} is unknown to Google: ${text}`, {
        retry: false,
      });
    }
    return verb === 'patch' && namesObject
      ? new CountersignError('cluster-conflict', `${who} has no such object any more: ${text}`)
      : new CountersignError('no-config-sync', `${who} has no Config Sync`);
  }
  if (status === 409 || status === 410) {
    return new CountersignError('cluster-conflict', `${who} has moved on: ${text}`);
  }
  if (status === 429) {
    // The gateway's quota is the fleet's; a cluster's own priority and fairness is its alone.
    return origin === 'google'
      ? new CountersignError('fleet-unavailable', `Quota is used up: ${text}`, retryAfter(answer))
      : new CountersignError('cluster-unreachable', `${who} is busy: ${text}`, retryAfter(answer));
  }
  if (status >= 500) {
    return verb === 'patch' && /failed calling webhook/.test(text)
      ? new CountersignError('cluster-refused', `${who} could not admit the patch: ${text}`, {
          retry: true,
        })
      : new CountersignError(
          'cluster-unreachable',
          `${who} answered ${status}: ${text}`,
          retryAfter(answer),
        );
  }
  return verb === 'patch' && status >= 400
    ? new CountersignError('cluster-refused', `${who} refused the patch: ${text}`)
    : new CountersignError('cluster-unreachable', `${who} answered ${status}: ${text}`, {
        retry: false,
      });
}

/** Whether a 404 is the API server's word that it has no object of that name. */
export function isObjectAbsent({ status, text }: Answer): boolean {
  return status === 404 && readRefusal(text).namesObject;
}

/** Whether a 404 says that the API server does not serve the path: no CRD, no Config Sync. */
export function isPathAbsent({ status, text }: Answer): boolean {
  return status === 404 && readRefusal(text).origin !== 'google';
}

function readForbidden({ origin, text }: Refusal, verb: Verb, who: string): CountersignError {
  if (origin === 'google') {
    return new CountersignError(
      'cluster-forbidden',
      `IAM denies access; grant roles/gkehub.gatewayEditor on the fleet's project: ${text}`,
    );
  }
  const admission =
    origin === 'kubernetes' && (/ denied (?:the )?request/.test(text) || !RBAC.test(text));
  if (verb === 'patch' && admission) {
    return new CountersignError('cluster-refused', `${who} refused the patch: ${text}`);
  }
  return origin === 'kubernetes'
    ? new CountersignError('cluster-forbidden', `RBAC denies access: ${text}`)
    : new CountersignError('cluster-forbidden', `${who} denies access: ${text}`);
}

function readRefusal(body: string): Refusal {
  const value = parseJson(body);
  const status = statusSchema.safeParse(value);
  if (status.success) {
    const { message = 'no reason given', details } = status.data;
    const namesObject = (details?.name ?? '') !== '';
    return { origin: 'kubernetes', text: toLine(message), namesObject };
  }
  const google = googleErrorSchema.safeParse(value);
  if (google.success) {
    const { status: code, message } = google.data.error;
    return { origin: 'google', text: toLine(message ?? code ?? ''), namesObject: false };
  }
  return { origin: 'unknown', text: toLine(body), namesObject: false };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9110, section 10.2.3: seconds or a date. */
function retryAfter({ headers }: Answer): FailureOptions {
  const value = headers['retry-after'];
  if (value === undefined) return {};
  if (/^\d{1,9}$/.test(value)) return { retryAfterMs: Number(value) * 1_000 };
  // Against the server's own clock, as far as it tells it: ours may be another.
  const now = Date.parse(headers['date'] ?? '');
  const at = Date.parse(value);
  return Number.isNaN(at - now) ? {} : { retryAfterMs: Math.max(0, at - now) };
}

/** One line of bounded length: the text is the cluster's, and ends up in logs and events. */
function toLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line === '') return 'no reason given';
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
}
