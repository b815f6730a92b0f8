import { isUtf8 } from 'node:buffer';
import type { ReviewVersion } from './answer.ts';
import { isNestedDeeper } from './json-depth.ts';
import { MAX_DEPTH, MAX_UID } from './limits.ts';
import { reviewSchema } from './schema.ts';

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
  const { uid } = data.request;
  const review = { uid, request: data.request };
  if (data.apiVersion === 'admission.k8s.io/v1') return { ...review, version: data.apiVersion };
  if (data.apiVersion === 'admission.k8s.io/v1beta1') {
    return { ...review, version: data.apiVersion };
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
