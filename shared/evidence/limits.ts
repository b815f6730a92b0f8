import type { RetryLimits } from '#shared/net/retry.ts';

/**
 * Of one question: sweeps run each minute and have roll-outs of others to see to. One more attempt, for a connection
 * that broke is no reason to begin an hour of good answers anew.
 */
export const ASK_LIMITS: RetryLimits = {
  attemptMs: 4_000,
  wholeMs: 8_000,
  retries: 1,
  backoffMs: 250,
};

/** An answer is one number, and its labels. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/** Of a file with a bearer token. */
export const MAX_TOKEN_BYTES = 16 * 1024;

/** Characters of a foreign text that a finding carries. */
export const MAX_PROBLEM = 300;
