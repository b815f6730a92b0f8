import { STATUS_CODES } from 'node:http';
import type { CountersignError, FailureCode } from '#shared/core/errors.ts';
import { MAX_RETRY_AFTER_SECONDS } from './limits.ts';

/** RFC 9457, section 3, with `code` as our stable extension. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: FailureCode | HttpCode;
}

/** What is wrong with a request alone, and never with what it asks for. */
export type HttpCode =
  | 'not-found'
  | 'method-not-allowed'
  | 'unsupported-media-type'
  | 'not-verified'
  | 'rate-limited'
  | 'no-history'
  | 'no-records'
  | 'rollout-changed'
  | 'rollout-not-now'
  | 'rollout-too-many'
  | 'rollout-not-an-approver'
  | 'rollout-not-by-starter'
  | 'rollout-approved-before'
  | 'rollout-no-way-back'
  | 'rollout-no-such-stage'
  | 'rollout-open-already'
  | 'rollout-not-signed'
  | 'rollout-rejected'
  | 'rollout-same'
  | 'rollout-older'
  | 'rollout-queues';

/** What HTTP calls each failure. A cluster or registry that fails is not the caller's fault: 502, 503 or 504. */
const STATUS: Readonly<Record<FailureCode, number>> = {
  'bad-config': 500,
  'bad-reference': 400,
  'bad-request': 400,
  'cluster-conflict': 409,
  'cluster-forbidden': 502,
  'cluster-not-found': 404,
  'cluster-refused': 502,
  'cluster-unreachable': 503,
  'deadline-exceeded': 504,
  'fleet-unavailable': 503,
  forbidden: 403,
  internal: 500,
  'key-unavailable': 503,
  'no-config-sync': 409,
  'publish-failed': 503,
  'records-unavailable': 503,
  'registry-denied': 502,
  'registry-misbehaved': 502,
  'registry-not-allowed': 422,
  'registry-unavailable': 503,
  'store-unavailable': 503,
  'too-large': 413,
  'trust-root-unavailable': 503,
  unauthenticated: 401,
};

/** The failure as a problem document. The text of an `internal` one stays in the log. */
export function problemOf(failure: CountersignError): Problem {
  const status = STATUS[failure.code];
  const detail = failure.code === 'internal' ? 'See the log of this function' : failure.message;
  return problem(status, failure.code, detail);
}

/** A problem document; its title is HTTP's own phrase for the status, as `about:blank` requires. */
export function problem(status: number, code: Problem['code'], detail: string): Problem {
  const title = NEWER_PHRASES[status] ?? STATUS_CODES[status] ?? 'Error';
  return { type: 'about:blank', title, status, detail, code };
}

/** Of RFC 9110, section 15, where Node still has the older ones. */
const NEWER_PHRASES: Readonly<Record<number, string>> = {
  413: 'Content Too Large',
  422: 'Unprocessable Content',
};

/** The answer to a failed request, with Retry-After where the other side asked for one. */
export function answerProblem(body: Problem, retryAfterMs?: number): Response {
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  if (retryAfterMs !== undefined) {
    // Whole seconds, at least one.
    const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
    headers.set('retry-after', `${Math.min(MAX_RETRY_AFTER_SECONDS, seconds)}`);
  }
  if (body.status === 401) headers.set('www-authenticate', 'Bearer');
  return new Response(JSON.stringify(body), { status: body.status, headers });
}
