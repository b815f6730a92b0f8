const MIB = 1024 * 1024;

/**
 * What one registry may cost. Every byte and every pause is the registry's choice, and what it serves is the
 * choice of everyone who may push. (Response headers: Node's HTTP client stops at 16 KiB by itself.)
 */
export const DEFAULT_LIMITS = {
  /** Largest manifest, and largest answer that lists things; registries refuse larger manifests on push. */
  manifestBytes: 4 * MIB,
  /** Largest token answer, and as much of an error answer as is read. */
  smallBytes: 64 * 1024,
  /** From the call to its last byte, retries, redirects and tokens included. */
  requestMs: 30_000,
  /** The same for one attempt. */
  attemptMs: 12_000,
  /** Attempts after the first, for network errors, 5xx and 429. */
  retries: 2,
  /** Longest `Retry-After` that is waited for here; longer ones are the caller's. */
  retryAfterMs: 2_000,
  /** Base of the jittered pause between attempts. */
  backoffMs: 100,
  redirects: 5,
  /** Pages of a list, and entries over all pages. */
  pages: 20,
  entries: 1_000,
  /** Pages of a list of tags of which only the best are kept. */
  tagPages: 100,
};

export type RegistryLimits = Readonly<typeof DEFAULT_LIMITS>;
