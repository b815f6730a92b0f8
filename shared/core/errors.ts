/**
 * Every failure of ours, and whether trying again can help. A verdict is never in this list: "unsigned" is an
 * answer, "could not check" is a failure (DESIGN section 2, law 3).
 */
const RETRY_HELPS = {
  'bad-config': false,
  'bad-reference': false,
  'bad-request': false,
  'cluster-conflict': true,
  'cluster-forbidden': false,
  'cluster-not-found': false,
  'cluster-refused': false,
  'cluster-unreachable': true,
  'deadline-exceeded': true,
  'fleet-unavailable': true,
  forbidden: false,
  internal: true,
  'key-unavailable': true,
  'no-config-sync': false,
  'publish-failed': true,
  'registry-denied': false,
  'registry-misbehaved': true,
  'registry-not-allowed': false,
  'registry-unavailable': true,
  'store-unavailable': true,
  'too-large': false,
  'trust-root-unavailable': true,
  unauthenticated: false,
} as const;

export type FailureCode = keyof typeof RETRY_HELPS;

export interface FailureOptions {
  readonly cause?: unknown;
  /** Overrides what the code says of a retry. */
  readonly retry?: boolean;
  /** Earliest useful retry, in milliseconds from now, as the other side asked for it. */
  readonly retryAfterMs?: number;
}

/** A failure with a stable code. `message` is shown to people: it names the thing and the fix, never a secret. */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: FailureCode;
  readonly retry: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? RETRY_HELPS[code];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The failure in `error`, whatever was thrown: foreign errors become `internal`, their text kept as the cause. */
export function toFailure(error: unknown): CountersignError {
  if (error instanceof CountersignError) return error;
  return new CountersignError('internal', 'Unexpected failure', { cause: error });
}
