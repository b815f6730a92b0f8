const SECOND_MS = 1_000;
const KIBIBYTE = 1024;

/** As deep as Kubernetes reads JSON; deeper is an attack on its reader. */
export const MAX_DEPTH = 10_000;

/** Of `image-to-sync`: the longest reference, an "@" and a digest or a version. */
export const MAX_VALUE = 2 * KIBIBYTE;

/** A uid is 36 characters; what is longer is not repeated. */
export const MAX_UID = 256;

/** Of a tenant's text that a denial repeats, and of a whole denial: an error of Config Sync quotes it. */
export const MAX_SHOWN = 512;
export const MAX_MESSAGE = 2_000;

/** What of the API server's own timeout is left for the way back. */
export const ANSWER_MARGIN_MS = 500;
/** Of a short timeout no more than this share is the margin. */
export const MARGIN_SHARE = 0.25;

/** Where there is a good verdict to fall back on, a new look is waited for no longer than this. */
export const FALL_BACK_AFTER_MS = 2 * SECOND_MS;

/** A good verdict is the registry's word for this long: as long as the verifier keeps one (`shared/trust/cache.ts`). */
export const GOOD_FOR_MS = 60 * 60 * SECOND_MS;

/** Good verdicts that are kept for an outage; each is a few hundred bytes. */
export const MAX_GOOD = 10_000;

/** A registry that has just failed is not asked again by every review that waits at the door. */
export const FAILED_FOR_MS = SECOND_MS;
export const MAX_FAILED = 1_000;

/** One look, whatever its reviews have waited: its lane is wanted. */
export const LOOK_LIMIT_MS = 20 * SECOND_MS;

/** Looks at one registry at once, and that wait for it: one that hangs holds up no other's. */
export const LOOKS_PER_HOST = 16;
export const LOOKS_WAITING_PER_HOST = 128;

/** Reviews that wait for a look, over all registries; more are sent away at once. */
export const MAX_WAITING = 2_000;

/** When a client that was sent away should come back. */
export const RETRY_AFTER_SECONDS = 1;
