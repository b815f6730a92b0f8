import { defined } from '#shared/core/defined.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import type { AdmissionConfig } from '#shared/config/config.ts';
import type { Refusal } from '#shared/http/cap-body.ts';
import type { Problem } from '#shared/http/problem.ts';
import { type Decision, refuse, type Refused } from './decision.ts';
import { MAX_MESSAGE, RETRY_AFTER_SECONDS } from './limits.ts';
import { readHead, type ReviewVersion } from './read-review.ts';

interface Status {
  readonly code: number;
  readonly reason: string;
}

const INVALID: Status = { code: 422, reason: 'Invalid' };

/**
 * What the API server makes of a refusal. Config Sync shows every code as KNV2002 but 403, which it takes for a
 * permission that is missing (KNV2013, docs/facts/config-sync.md#refusals): so a verdict is 422, as of the gate, and never
 * 403. What could not be checked is 503, which says that nothing is wrong with the image. Only the overload of this
 * server has a Retry-After, for clients wait in silence as long as it says: a person should see the others.
 */
const STATUS: Readonly<Record<Refused, Status>> = {
  unreadable: { code: 400, reason: 'BadRequest' },
  'not-of-spec': INVALID,
  unmatched: INVALID,
  unsigned: INVALID,
  incomplete: INVALID,
  untrusted: INVALID,
  unusable: INVALID,
  'moved-back': INVALID,
  unchecked: { code: 503, reason: 'ServiceUnavailable' },
  overloaded: { code: 429, reason: 'TooManyRequests' },
};

/** The AdmissionReview that answers an API server with a decision. */
export function answerReview(
  { uid, version }: { readonly uid: string; readonly version: ReviewVersion },
  decision: Decision,
  mode: AdmissionConfig['mode'],
): object {
  const allowed = decision.admit || mode === 'warn';
  const outcome = { outcome: decision.outcome, ...decision.facts };
  const auditAnnotations = decision.admit || !allowed ? outcome : { ...outcome, mode: 'warn' };
  const warnings = (decision.admit ? decision.warnings : allowed ? [decision.message] : []).map(
    oneLine,
  );
  const response = {
    uid,
    allowed,
    ...defined({
      status: decision.admit || allowed ? undefined : statusOf(decision.outcome, decision.message),
      warnings: warnings.length === 0 ? undefined : warnings,
    }),
    auditAnnotations,
  };
  return { apiVersion: version, kind: 'AdmissionReview', response };
}

function statusOf(outcome: Refused, text: string): object {
  const details =
    outcome === 'overloaded' ? { details: { retryAfterSeconds: RETRY_AFTER_SECONDS } } : {};
  return { status: 'Failure', message: oneLine(text), ...STATUS[outcome], ...details };
}

/** Printable, and not more than an error can show; parts of it are a tenant's. */
function oneLine(text: string): string {
  return cleanLine(cutText(text, MAX_MESSAGE).replaceAll(/\p{Cc}+/gu, ' '));
}

/**
 * The answer to a review whose body is not read to its end: a review too, where its beginning says under which uid. It
 * is refused in mode warn as well: nothing of it was checked.
 */
export function refuseBody({ status, detail }: Problem, head: Uint8Array): Refusal | undefined {
  const review = readHead(head, detail);
  if (review === undefined) return undefined;
  const decision = refuse(status === 429 ? 'overloaded' : 'unreadable', detail);
  const body = JSON.stringify(answerReview(review, decision, 'deny'));
  return { status: 200, contentType: 'application/json', body };
}
