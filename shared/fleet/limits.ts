/**
 * What one cluster may cost. A cluster's API server, and what answers in its place, is not trusted with Countersign's
 * time or memory.
 */
export const DEFAULT_CLIENT_LIMITS = {
  /** One attempt, from connecting to the last byte; without it client-node waits for ever. */
  callMs: 15_000,
  /** What it takes to have credentials: longer than one plugin may take. */
  credentialsMs: 20_000,
  /** Attempts after the first, for 429, 5xx and broken connections. */
  retries: 2,
  /** Base of the jittered pause between attempts; doubles with each. */
  backoffMs: 200,
  /** Longest `Retry-After` that is waited for here; longer ones are the caller's. */
  retryAfterMs: 5_000,
  /** Largest answer. 500 RSyncs are about 5 MB; one object alone may have 1.5 MB (etcd's own limit). */
  answerBytes: 16 * 1024 * 1024,
};

export type ClientLimits = Readonly<typeof DEFAULT_CLIENT_LIMITS>;

/** Less than the 5 s after which Node servers, and many load balancers, close an idle connection themselves. */
export const IDLE_CONNECTION_MS = 4_000;

/** How long a cluster that does not answer is left alone; then one call tries it. Less than a sweep's minute. */
export const CIRCUIT_OPEN_MS = 30_000;

/** However long a cluster's `Retry-After` asks for, it is tried again after this. */
export const MAX_CIRCUIT_OPEN_MS = 300_000;

/** More clusters than a fleet has; beyond it, the one that was called longest ago is forgotten. */
export const MAX_CIRCUITS = 10_000;

/** How old a listing of memberships may be: new clusters wait for it, forged names wait it out. */
export const LISTING_TTL_MS = 30_000;

/** Memberships on one page of GKE Hub: about 3 kB each, well within `answerBytes`. */
export const MEMBERSHIPS_PAGE = 500;

/** 50,000 memberships in one project; an answer that goes on beyond that is no list. */
export const MAX_MEMBERSHIP_PAGES = 100;
