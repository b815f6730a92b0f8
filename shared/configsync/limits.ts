/** How much of an RSync is kept: all of it is its owner's choice, and a list of a cluster has hundreds. */

/** Kubernetes names, uids, versions, times, commits: all are shorter. */
export const MAX_WORD = 256;

/** `spec.oci.image`, `spec.helm.repo`: as long as a reference may be. */
export const MAX_IMAGE = 1_024;

/** One annotation; Countersign writes no longer one, and it is cut. */
export const MAX_ANNOTATION = 16_384;

/** A version that was taken: a tag, or a part of one. */
export const MAX_VERSION = 128;

/** Finalizers of one object that are kept, for people. */
export const MAX_FINALIZERS = 5;
