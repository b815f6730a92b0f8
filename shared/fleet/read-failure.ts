import { CountersignError } from '#shared/core/errors.ts';
import type { Verb } from './pace.ts';
import { type Refusal, readRefusal, retryAfter } from './read-refusal.ts';
import type { Answer } from './send-request.ts';

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
    if (origin === 'gateway') {
      return new CountersignError('cluster-unreachable', `${who} has no agent to answer: ${text}`);
    }
    // A front end's own page, for instance: an API server says it in words of its own.
    if (origin === 'unknown') {
      return new CountersignError('cluster-unreachable', `${who} answered 404: ${text}`, {
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
  return status === 404 && readRefusal(text).origin === 'kubernetes';
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
