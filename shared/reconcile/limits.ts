/** What one look at a cluster may cost. Its RSyncs, and what they name, are the choice of those who own namespaces. */

/** RSyncs that are worked on at once, and of these in one namespace, whose images may all hang. */
export const PLACES = { atOnce: 16, perGroup: 4 } as const;

/** Distinct images of one namespace that are looked at in one task; the others come first in the next. */
export const MAX_IMAGES_PER_NAMESPACE = 100;

/** Finding out what one image is and whether it verifies; what takes longer is looked at again, by itself. */
export const JUDGE_MS = 15_000;

/** After this no RSync is begun: Pub/Sub takes a task for lost after ten minutes, and the cluster's next one waits. */
export const LOOK_MS = 120_000;

/** Back-off of one RSync that could not be looked at: none before the first retry, doubling from this to the cap. */
export const RETRY_MS = 60_000;

/** As long as a look takes to come round anyway. */
export const MAX_RETRY_MS = 15 * 60_000;

/** Failures in a row after which a write that does not succeed is reported as `Blocked`. */
export const WRITES_BEFORE_BLOCKED = 3;
