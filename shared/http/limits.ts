const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Notifications and tasks are under 2 KiB; base64 and attributes triple that. A larger push goes to the dead letters. */
export const MAX_MESSAGE_BODY_BYTES = MEBIBYTE;

/** Bodies of the API: names of an image, a cluster and a sync. */
export const MAX_API_BODY_BYTES = 64 * KIBIBYTE;

/** An AdmissionReview carries the object twice; etcd holds no object above 1.5 MiB. */
export const MAX_REVIEW_BODY_BYTES = 4 * MEBIBYTE;

/** All headers of a request, as Node has it; `--max-http-header-size` would let a deployment differ. */
export const MAX_HEADER_BYTES = 16 * KIBIBYTE;

/** A body that takes longer than this is an attack or a dead peer: the front end buffers before it sends. */
export const BODY_DEADLINE_MS = 10_000;

/** Cloud Run kills ten seconds after SIGTERM; what is left is for closing clients. */
export const DRAIN_LIMIT_MS = 8_000;

/** For the answers of the drain limit to get out, before what is left is cut off. */
export const HAND_BACK_MS = 200;

/** Time for closing clients and the store after the last answer. */
export const CLOSE_LIMIT_MS = 1_000;

/** Longer than the idle time of Google's front end, so that the front end, not we, closes an idle connection. */
export const KEEP_ALIVE_MS = 620_000;

/** A Google ID token has about 1 KiB, an IAP assertion 700 bytes. */
export const MAX_TOKEN_CHARACTERS = 8 * KIBIBYTE;

/** How far apart the clocks of the issuer and this machine may be. */
export const CLOCK_SKEW_SECONDS = 60;

/** Longest life of an ID token, from `iat` to `exp`: Google's live an hour, IAP's assertions ten minutes. */
export const MAX_TOKEN_LIFE_SECONDS = 2 * 3_600;

/** How long the issuer's keys are kept; Google rotates them over days and publishes them ahead. */
export const JWKS_MAX_AGE_MS = 3_600_000;

/** Least time between two fetches for an unknown key id, so that forged ids cannot make us hammer the issuer. */
export const JWKS_COOLDOWN_MS = 30_000;

export const JWKS_TIMEOUT_MS = 5_000;

/**
 * Deliveries of one message, whatever its age: fewer than a subscription allows (docs name at least 20), for what
 * Pub/Sub itself sends to the dead letters has no reason with it.
 */
export const MAX_DELIVERIES = 15;

/** A message is never given up by its age before so many deliveries: its age may be a clock's that jumped. */
export const MIN_DELIVERIES = 3;

/** Messages whose failures one process counts, for subscriptions that do not say how often they delivered. */
export const MAX_COUNTED_MESSAGES = 10_000;

/** How long a task is retried at most: it holds up the cluster's next one, and the next sweep is its retry anyway. */
export const TASK_PATIENCE_MS = 600_000;

/** Pub/Sub's own least back-off: nothing sooner would be honoured. */
export const NACK_RETRY_AFTER_SECONDS = 10;

/** Longest Retry-After that is passed on: the longest back-off a subscription can have. */
export const MAX_RETRY_AFTER_SECONDS = 600;

/** Of the reason of a dead letter: three bytes each at most, and an attribute of Pub/Sub holds 1,024. */
export const MAX_REASON_CHARACTERS = 340;
