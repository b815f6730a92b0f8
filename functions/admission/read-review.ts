import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { MAX_DEPTH, MAX_UID } from './limits.ts';

/**
 * AdmissionReview, `admission.k8s.io/v1` and `v1beta1` alike, as far as it is used. An API server sends it, or
 * anyone who reaches the port. Nothing here is needed to answer but the uid: whatever else is wrong becomes a denial.
 */
const reviewSchema = z.object({
  apiVersion: z.string(),
  kind: z.literal('AdmissionReview'),
  request: z.object({ uid: z.string().min(1).max(MAX_UID) }).loose(),
});

/** The versions of AdmissionReview that are spoken; the answer has that of the question. */
export type ReviewVersion = 'admission.k8s.io/v1' | 'admission.k8s.io/v1beta1';

/** A review that can be answered; `request` is foreign still, and absent where the body could not be read at all. */
export interface Review {
  readonly uid: string;
  readonly version: ReviewVersion;
  readonly request: unknown;
  /** Why the body is not looked at any further. */
  readonly problem?: string;
}

/**
 * How Go's encoder begins every AdmissionReview. Of a body that cannot be parsed, or is too large to be, this much is
 * read to answer under its uid.
 */
const HEAD = new RegExp(
  String.raw`^\s*\{"kind":"AdmissionReview","apiVersion":"admission\.k8s\.io/(v1|v1beta1)","request":\{"uid":"([\w-]{1,${MAX_UID}})"`,
);
const HEAD_BYTES = 1_024;

/** Reads a body; undefined where there is no uid to answer. */
export function readReview(bytes: Uint8Array): Review | undefined {
  if (isNestedDeeper(bytes, MAX_DEPTH)) {
    return readHead(bytes, `The review nests deeper than ${MAX_DEPTH} levels`);
  }
  let body: unknown;
  try {
    if (!isUtf8(bytes)) return readHead(bytes, 'The review is not UTF-8');
    body = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return readHead(bytes, 'The review is not JSON');
  }
  const { data } = reviewSchema.safeParse(body);
  if (data === undefined) return undefined;
  const { apiVersion: version, request } = data;
  const review = { uid: request.uid, request };
  if (version === 'admission.k8s.io/v1' || version === 'admission.k8s.io/v1beta1') {
    return { ...review, version };
  }
  const problem = 'Only AdmissionReviews of admission.k8s.io/v1 and v1beta1 are understood';
  return { ...review, version: 'admission.k8s.io/v1', problem };
}

/** The review that `bytes` begin with; undefined where they begin with none. */
export function readHead(bytes: Uint8Array, problem: string): Review | undefined {
  const head = new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES));
  const [, version, uid] = HEAD.exec(head) ?? [];
  if (uid === undefined) return undefined;
  return {
    uid,
    version: version === 'v1' ? 'admission.k8s.io/v1' : 'admission.k8s.io/v1beta1',
    request: undefined,
    problem,
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Whether JSON text nests deeper than `max`: found out before it is parsed, for four megabytes of brackets cost the
 * parser half a second in which no other review is answered. Text that is no JSON gets any answer.
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
  let end = bytes.indexOf(QUOTE, start + 1);
  while (end >= 0 && isEscaped(bytes, start, end)) end = bytes.indexOf(QUOTE, end + 1);
  return end < 0 ? bytes.length : end;
}

function isEscaped(bytes: Uint8Array, start: number, quote: number): boolean {
  let slashes = 0;
  while (quote - slashes - 1 > start && bytes[quote - slashes - 1] === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}
