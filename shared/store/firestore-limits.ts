const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const DAY_MS = 24 * 3_600_000;

/**
 * Of a record, compressed: what stays in the cluster's own document, so that a page of clusters is a bounded answer.
 * About 1,000 RSyncs without errors.
 */
export const MAX_INLINE_BYTES = 64 * KIBIBYTE;

/** Firestore quotas: a document holds 1 MiB, names and other fields included. */
export const MAX_PART_BYTES = 900 * KIBIBYTE;

/**
 * Firestore quotas: a request holds 10 MiB; the emulator takes 4 MiB. Compressed as records are, this is room for more
 * than 10,000 RSyncs that all fail.
 */
export const MAX_PARTS = 4;

/** Of a record that is read back, inflated. An attacker who can write to the store may have written a bomb. */
export const MAX_RECORD_BYTES = 64 * MEBIBYTE;

/** Clusters in one answer: with `MAX_INLINE_BYTES` of base64 each, about 9 MiB. */
export const LIST_PAGE = 100;

/** Names in one answer, each some 300 bytes: about 0.6 MiB. */
export const NAMES_PAGE = 2_000;

/** The largest answer that is read: all parts of one record, in base64, and room to spare. */
export const MAX_ANSWER_BYTES = 16 * MEBIBYTE;

/** How often a record is read anew that others replaced in between; each time another writer has got on. */
export const MAX_CONFLICTS = 8;

/** How long a cluster is remembered that is not reconciled any more. The sweep removes those that left the fleet. */
export const CLUSTER_KEPT_MS = 30 * DAY_MS;

/** How long the names of all clusters are used that were read for a push, while their number stays. */
export const KNOWN_KEPT_MS = 15 * 60_000;

/** How long a verdict is remembered after it was published; afterwards it may be published once more. */
export const IMAGE_KEPT_MS = 180 * DAY_MS;

export interface FirestoreLimits {
  /** Of one attempt. Firestore itself answers within tens of milliseconds. */
  readonly attemptMs: number;
  /** Of one call, its retries included. */
  readonly callMs: number;
  readonly retries: number;
  /** Upper bound of the first pause; each next one is twice as long. */
  readonly backoffMs: number;
}

export const DEFAULT_FIRESTORE_LIMITS: FirestoreLimits = {
  attemptMs: 10_000,
  callMs: 25_000,
  retries: 4,
  backoffMs: 100,
};
