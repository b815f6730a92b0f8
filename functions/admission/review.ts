import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import type { AdmissionConfig } from '#shared/config/config.ts';
import { defined } from '#shared/core/defined.ts';
import { cleanLine, cutText } from '#shared/core/foreign-text.ts';
import type { Refusal } from '#shared/http/cap-body.ts';
import type { Problem } from '#shared/http/problem.ts';
import { type Decision, REFUSALS, refuse } from './decision.ts';

/** As deep as Kubernetes reads JSON; deeper is an attack on its reader. */
const MAX_DEPTH = 10_000;
/** A uid is 36 characters; what is longer is not repeated. */
const MAX_UID = 256;
/** Of a whole denial: an error of Config Sync quotes it. */
const MAX_MESSAGE = 2_000;
/** When a client that was sent away should come back; in an overload alone, for clients wait that long in silence. */
const RETRY_AFTER_SECONDS = 1;

const VERSIONS = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'] as const;

/** AdmissionReview of both versions, as far as it is used. Only without a uid is there no answer; all else is a denial. */
const reviewSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('AdmissionReview'),
  request: z.object({ uid: z.string().min(1).max(MAX_UID) }).loose(),
});

/** A review that can be answered; `request` is foreign still, and absent where the body could not be read at all. */
export interface Review {
  readonly uid: string;
  /** The answer has that of the question. */
  readonly version: (typeof VERSIONS)[number];
  readonly request: unknown;
  /** Why the body is not looked at any further. */
  readonly problem?: string;
}

/** How Go's encoder begins every AdmissionReview: read where the body cannot be, to answer under its uid. */
const HEAD = new RegExp(
  String.raw`^\s*\{"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io/(v1|v1beta1)","request":\{"uid":"([\w-]{1,${MAX_UID}})"`,
);
const HEAD_BYTES = 1_024;

/** Reads a body; undefined where there is no uid to answer. */
export function readReview(bytes: Uint8Array): Review | undefined {
  if (isNestedDeeper(bytes, MAX_DEPTH)) {
    return readHead(bytes, `The review nests deeper than ${MAX_DEPTH} levels`);
  }
  if (!isUtf8(bytes)) return readHead(bytes, 'The review is not UTF-8');
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return readHead(bytes, 'The review is not JSON');
  }
  const { data } = reviewSchema.safeParse(body);
  if (data === undefined) return undefined;
  const { apiVersion, request } = data;
  const version = VERSIONS.find((known) => known === apiVersion);
  const problem = 'Only AdmissionReviews of admission.k8s.io/v1 and v1beta1 are understood';
  const review = { uid: request.uid, version: version ?? VERSIONS[0], request };
  return version === undefined ? { ...review, problem } : review;
}

/** The review that `bytes` begin with; undefined where they begin with none. */
function readHead(bytes: Uint8Array, problem: string): Review | undefined {
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  const [, version, uid] = HEAD.exec(head) ?? [];
  if (uid === undefined) return undefined;
  return { uid, version: VERSIONS[version === 'v1' ? 0 : 1], request: undefined, problem };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Whether JSON text nests deeper than `max`, found out before it is parsed: four megabytes of brackets cost the parser half
 * a second in which no other review is answered. Text that is no JSON gets any answer.
 */
export function isNestedDeeper(bytes: Uint8Array, max: number): boolean {
  // Each level takes a byte.
  if (bytes.length <= max) return false;
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
      if (depth > max) return true;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

/** The place of the quote that ends the string which begins at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let end = start; ; ) {
    end = bytes.indexOf(QUOTE, end + 1);
    if (end < 0) return bytes.length;
    let before = end - 1;
    while (bytes[before] === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
}

/** The AdmissionReview that answers an API server with a decision. */
export function answerReview(
  { uid, version }: Pick<Review, 'uid' | 'version'>,
  decision: Decision,
  mode: AdmissionConfig['mode'],
): object {
  const warned = !decision.admit && mode === 'warn';
  const warnings = decision.admit ? decision.warnings : warned ? [decision.message] : [];
  const response = {
    uid,
    allowed: decision.admit || warned,
    ...defined({
      status: decision.admit || warned ? undefined : statusOf(decision),
      warnings: warnings.length === 0 ? undefined : warnings.map(oneLine),
    }),
    auditAnnotations: {
      outcome: decision.outcome,
      ...decision.facts,
      ...defined({ mode: warned ? mode : undefined }),
    },
  };
  return { apiVersion: version, kind: 'AdmissionReview', response };
}

function statusOf({ outcome, message }: Extract<Decision, { admit: false }>): object {
  const details =
    outcome === 'overloaded' ? { details: { retryAfterSeconds: RETRY_AFTER_SECONDS } } : {};
  return { status: 'Failure', message: oneLine(message), ...REFUSALS[outcome], ...details };
}

/** Printable, and not more than an error can show; parts of it are a tenant's. */
function oneLine(text: string): string {
  return cleanLine(cutText(text, MAX_MESSAGE).replaceAll(/\p{Cc}+/gu, ' '));
}

/** The answer to a review whose body is not read to its end, where its beginning has a uid; a denial in mode warn too. */
export function refuseBody({ status, detail }: Problem, head: Uint8Array): Refusal | undefined {
  const review = readHead(head, detail);
  if (review === undefined) return undefined;
  const decision = refuse(status === 429 ? 'overloaded' : 'unreadable', detail);
  const body = JSON.stringify(answerReview(review, decision, 'deny'));
  return { status: 200, contentType: 'application/json', body };
}
