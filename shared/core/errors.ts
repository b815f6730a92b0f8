const MINUTE_MS = 60_000;

/** No retry helps: something must be changed first. */
const NEVER = 0;

/** A bug, or another writer that is faster every time: what ten minutes do not mend, more of them will not. */
const SHORT = 10 * MINUTE_MS;

/** An outage elsewhere. What outlasts it is the sweep's, and a dead letter's, to make good. */
const LONG = 60 * MINUTE_MS;

/** Every failure, and for how long trying again can help, in milliseconds. A verdict is an answer, and none of them. */
const RETRY_FOR_MS = {
  'bad-config': NEVER,
  'bad-reference': NEVER,
  'bad-request': NEVER,
  'cluster-conflict': SHORT,
  'cluster-forbidden': NEVER,
  'cluster-not-found': NEVER,
  'cluster-refused': NEVER,
  'cluster-unreachable': LONG,
  'deadline-exceeded': LONG,
  'fleet-unavailable': LONG,
  forbidden: NEVER,
  internal: SHORT,
  'key-unavailable': LONG,
  'no-config-sync': NEVER,
  'publish-failed': LONG,
  'records-unavailable': LONG,
  'registry-denied': NEVER,
  'registry-misbehaved': LONG,
  'registry-not-allowed': NEVER,
  'registry-unavailable': LONG,
  'store-unavailable': LONG,
  'too-large': NEVER,
  'trust-root-unavailable': LONG,
  unauthenticated: NEVER,
} as const;

export type FailureCode = keyof typeof RETRY_FOR_MS;

export const FAILURE_CODES: readonly FailureCode[] = Object.keys(RETRY_FOR_MS).filter(
  (key): key is FailureCode => key in RETRY_FOR_MS,
);

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
  /** How long trying again can help, in milliseconds from the first attempt; 0: not at all. */
  readonly retryForMs: number;
  readonly retryAfterMs: number | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    const usual = RETRY_FOR_MS[code];
    this.retry = options.retry ?? usual > NEVER;
    this.retryForMs = this.retry ? usual || SHORT : NEVER;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The failure in `error`, whatever was thrown: foreign errors become `internal`, their text kept as the cause. */
export function toFailure(error: unknown): CountersignError {
  if (error instanceof CountersignError) return error;
  return new CountersignError('internal', 'Unexpected failure', { cause: error });
}
