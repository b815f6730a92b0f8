/**
 * What one registry may cost. Every byte and every pause is the registry's choice, and what it serves is the
 * choice of everyone who may push. (Response headers: Node's HTTP client stops at 16 KiB by itself.)
 */
export interface RegistryLimits {
  /** Largest manifest, and largest answer that lists things; registries refuse larger manifests on push. */
  readonly manifestBytes: number;
  /** Largest token answer, and as much of an error answer as is read. */
  readonly smallBytes: number;
  /** From the call to its last byte, retries, redirects and tokens included. */
  readonly requestMs: number;
  /** The same for one attempt. */
  readonly attemptMs: number;
  /** Attempts after the first, for network errors, 5xx and 429. */
  readonly retries: number;
  /** Longest `Retry-After` that is waited for here; longer ones are the caller's. */
  readonly retryAfterMs: number;
  /** Base of the jittered pause between attempts. */
  readonly backoffMs: number;
  readonly redirects: number;
  /** Pages of a list, and entries over all pages. */
  readonly pages: number;
  readonly entries: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: RegistryLimits = {
  manifestBytes: 4 * MIB,
  smallBytes: 64 * 1024,
  requestMs: 30_000,
  attemptMs: 12_000,
  retries: 2,
  retryAfterMs: 2_000,
  backoffMs: 100,
  redirects: 5,
  pages: 20,
  entries: 1_000,
};
