import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { CountersignError, type FailureCode, type FailureOptions } from '#shared/core/errors.ts';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { toLine } from '#shared/net/google-rest.ts';
import { parseJson } from '#shared/net/json.ts';
import { readRetryAfter } from '#shared/net/retry.ts';
import { grantGateway } from './google-apis.ts';
import type { Verb } from './pace.ts';
import type { Answer } from './transport.ts';

/** meta/v1 Status: the API server's own answer. */
const statusSchema = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  details: z.object({ name: z.string().optional() }).nullish(),
});

/** The answer of a Google front end: IAM, quota, or no such membership (docs/facts/google-cloud.md#fleet). */
const googleErrorSchema = z.object({
  error: z.looseObject({ status: z.string().optional(), message: z.string().optional() }),
});

/** RBAC's wording, impersonation included; admission speaks freely under the same 403. */
const RBAC = / cannot [a-z]+ resource /;

/**
 * What an answer outside 2xx means (docs/facts/google-cloud.md#fleet). `cluster` is for people, and so is `grant`: what
 * to do where Google's front end denies the call.
 */
export function readFailure(
  answer: Answer,
  verb: Verb,
  cluster: string,
  grant = grantGateway,
): CountersignError {
  const { status } = answer;
  const { origin, text, namesObject, enable } = readRefusal(answer.text);
  const who = `Cluster ${JSON.stringify(cluster)}`;
  const fail = (code: FailureCode, what: string, options?: FailureOptions): CountersignError =>
    new CountersignError(code, `${what}: ${text}`, options);
  const final = { retry: false };
  if (status === 401) {
    const where = origin === 'google' ? 'Google' : who;
    return fail('cluster-forbidden', `${where} does not accept Countersign's credentials`);
  }
  if (status === 403 && origin === 'google') {
    const what =
      enable === undefined ? `IAM denies access; ${grant(verb)}` : `An API is disabled; ${enable}`;
    return fail('cluster-forbidden', what);
  }
  if (status === 403) {
    const isRbac = RBAC.test(text) && !/ denied (?:the )?request/.test(text);
    if (origin !== 'kubernetes') return fail('cluster-forbidden', `${who} denies access`);
    if (verb !== 'patch' || isRbac) return fail('cluster-forbidden', 'RBAC denies access');
    return fail('cluster-refused', `${who} refused the patch`);
  }
  if (status === 404) {
    if (origin === 'google')
      return fail('cluster-unreachable', `${who} is unknown to Google`, final);
    if (origin === 'gateway') return fail('cluster-unreachable', `${who} has no agent to answer`);
    // A front end's own page, for instance: an API server has words of its own.
    if (origin === 'unknown') return fail('cluster-unreachable', `${who} answered 404`, final);
    return verb === 'patch' && namesObject
      ? fail('cluster-conflict', `${who} has no such object any more`)
      : new CountersignError('no-config-sync', `${who} has no Config Sync`);
  }
  if (status === 409 || status === 410) return fail('cluster-conflict', `${who} has moved on`);
  if (status === 429) {
    // The gateway's quota is the fleet's; a cluster's own priority and fairness is its alone.
    return origin === 'google'
      ? fail('fleet-unavailable', 'Quota is used up', retryAfter(answer))
      : fail('cluster-unreachable', `${who} is busy`, retryAfter(answer));
  }
  if (status >= 500) {
    return verb === 'patch' && /failed calling webhook/.test(text)
      ? fail('cluster-refused', `${who} could not admit the patch`, { retry: true })
      : fail('cluster-unreachable', `${who} answered ${status}`, retryAfter(answer));
  }
  return verb === 'patch' && status >= 400
    ? fail('cluster-refused', `${who} refused the patch`)
    : fail('cluster-unreachable', `${who} answered ${status}`, final);
}

/** Whether a 404 is the API server's word that it has no object of that name. */
export function isObjectAbsent({ status, text }: Answer): boolean {
  return status === 404 && readRefusal(text).namesObject;
}

/** Whether a 404 says that the API server does not serve the path: no CRD, no Config Sync. */
export function isPathAbsent({ status, text }: Answer): boolean {
  return status === 404 && readRefusal(text).origin === 'kubernetes';
}

/**
 * Who wrote an error, by its body: Google's front end, the API server, Connect Gateway in a Kubernetes Status, or
 * something in between.
 */
type Origin = 'google' | 'kubernetes' | 'gateway' | 'unknown';

interface Refusal {
  readonly origin: Origin;
  /** One line of bounded length, for people. */
  readonly text: string;
  /** The API server knows the resource, and names the object it does not have. */
  readonly namesObject: boolean;
  /** What enables the API of Google's that is disabled. */
  readonly enable?: string | undefined;
}

/**
 * What Connect Gateway answers as a Kubernetes Status where a cluster's agent is away: 404, "cannot connect to agent or
 * connection unexpectedly terminated …" (github.com/argoproj/argo-cd/issues/17900). No API server writes that.
 */
const AGENT_AWAY = /\b(?:connect to agent|connection unexpectedly terminated)\b/i;

/** What an API server says, in plain text, of a path that it does not serve. */
const NO_SUCH_PATH = '404 page not found';

/** Reads the body of an answer outside 2xx. */
function readRefusal(body: string): Refusal {
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
    return {
      origin: 'google',
      text: toLine(message ?? code ?? ''),
      namesObject: false,
      enable: disabledApiFix(google.data.error),
    };
  }
  const origin = body.trim() === NO_SUCH_PATH ? 'kubernetes' : 'unknown';
  return { origin, text: toLine(body), namesObject: false };
}

/** Against the server's own clock, as far as it gives it: ours may be another. */
function retryAfter({ headers }: Answer): FailureOptions {
  const now = Date.parse(headers['date'] ?? '');
  return defined({ retryAfterMs: readRetryAfter(headers['retry-after'], now) });
}
