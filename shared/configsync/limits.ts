/**
 * How much of an RSync is kept. Its spec and annotations are its owner's choice, a tenant's for a RepoSync, and the
 * status may quote what he synced; a list of a cluster holds hundreds.
 */

/** Kubernetes names, uids, versions, times, commits: all are shorter. */
export const MAX_WORD = 256;

/** `spec.oci.image`, `spec.helm.repo`: as long as a reference may be. */
export const MAX_IMAGE = 1_024;

/** One annotation; Countersign writes no longer one, and it is cut. */
export const MAX_ANNOTATION = 16_384;

/** One error or condition message; a longer one is cut. */
export const MAX_MESSAGE = 2_000;

/** Of such a message, how much is read for what must not be shown: an address that is cut is still one. */
export const MAX_MESSAGE_READ = 8_000;

/** Errors per stage; Config Sync itself lists at most 100, and says how many there are. */
export const MAX_ERRORS = 20;

/** Conditions; there are five types. */
export const MAX_CONDITIONS = 20;

/** Finalizers of one object that are kept, for people. */
export const MAX_FINALIZERS = 5;

/** RSyncs per list call: one call for all but the largest clusters. */
export const PAGE_SIZE = 500;

/** A page too large to take is asked for in tenths; one object at a time always fits. */
export const PAGE_SHRINK = 10;

/** Pages per list; a cluster that never stops listing is not believed. */
export const MAX_PAGES = 1_000;
