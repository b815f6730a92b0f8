import {
  DelegateBackoff,
  handleWhen,
  isTaskCancelledError,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';

/** What a call may cost, in milliseconds. */
export interface RetryLimits {
  /** One attempt; absent where each has a deadline of its own. */
  readonly attemptMs?: number;
  /** The whole call, its attempts and pauses. */
  readonly wholeMs?: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Largest first pause; each next one may be twice as long. */
  readonly backoffMs: number;
  /**
   * Longest pause that the other side may ask for: one that asks for more is left to the caller. Absent: it is not
   * asked.
   */
  readonly retryAfterMs?: number;
}

export interface RetryRules {
  /**
   * Whether another attempt may end otherwise than with this failure. An attempt that was out of time is always
   * repeated.
   */
  readonly helps: (error: unknown) => boolean;
  /** The failure of a call whose time is over. */
  readonly late?: (cause: unknown) => Error;
}

/**
 * Runs an idempotent attempt until it succeeds, fails for good, or its time is over. The signal aborts when the attempt
 * is out of time; it must begin nothing more then. Throws what the last attempt threw, or `late`.
 */
export type Retry = <T>(attempt: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/**
 * The one shape of repeating: so many attempts, each with a deadline and all with one, and between them a random pause
 * (so that many callers do not come back together) on top of what the failure's `retryAfterMs` asks for.
 *
 * @example
 * const repeat = createRetry(limits, { helps: isPassing, late: (cause) => unavailable('It did not answer in time', cause) });
 * const answer = await repeat((signal) => ask(url, signal));
 */
export function createRetry(limits: RetryLimits, { helps, late }: RetryRules): Retry {
  const { attemptMs, wholeMs, retries, backoffMs, retryAfterMs } = limits;
  const asked = (error: unknown): number => (retryAfterMs === undefined ? 0 : askedOf(error));
  const repeating = retry(
    handleWhen(
      (error) =>
        isTaskCancelledError(error) || (helps(error) && asked(error) <= (retryAfterMs ?? 0)),
    ),
    {
      maxAttempts: retries,
      backoff: new DelegateBackoff(({ attempt, result }) => {
        const pause = 'error' in result ? asked(result.error) : 0;
        return pause + Math.random() * backoffMs * 2 ** attempt;
      }),
    },
  );
  const each = attemptMs === undefined ? repeating : wrap(repeating, bound(attemptMs));
  const policy = wholeMs === undefined ? each : wrap(bound(wholeMs), each);
  return async (attempt) => {
    try {
      return await policy.execute(({ signal }) => {
        signal.throwIfAborted();
        return attempt(signal);
      });
    } catch (error) {
      if (late === undefined || !isTaskCancelledError(error)) throw error;
      throw late(error);
    }
  };
}

function bound(milliseconds: number): ReturnType<typeof timeout> {
  // What an attempt returns may outlive it: a body that is read later.
  return timeout(milliseconds, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false });
}

/** The pause that a failure asks for: `retryAfterMs` of `CountersignError` and `GoogleFailure`. */
function askedOf(error: unknown): number {
  if (!(error instanceof Error) || !('retryAfterMs' in error)) return 0;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0;
}

/** A server that asks for more patience than an hour is asked again by the caller's own schedule. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * What a `Retry-After` header asks for, in milliseconds (RFC 9110, section 10.2.3: seconds, or a date), an hour at
 * most. `now` is the time that a date is measured against, in milliseconds. Undefined where it is neither.
 */
export function readRetryAfter(header: string | null | undefined, now: number): number | undefined {
  if (header === null || header === undefined) return undefined;
  const asked = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(asked) ? undefined : Math.min(Math.max(asked, 0), MAX_RETRY_AFTER_MS);
}
