/** Sizes are bytes, times milliseconds unless the name says otherwise. "Own": no specification states one. */

/** OCI distribution 1.1, section "Pulling manifests": clients may limit names so; Docker does. */
export const NAME_LIMIT = 255;

/** OCI distribution 1.1, section "Pushing Manifests": at least 4 MiB must be taken; real registries stop there. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** One blob, and one upload under way. Own: everything here is in memory. */
export const BLOB_LIMIT = 512 * 1024 * 1024;

/** All blobs, manifests and unfinished uploads together. Own. */
export const STORE_LIMIT = 2 * 1024 * 1024 * 1024;

/** Uploads under way at once. Own. */
export const UPLOADS_LIMIT = 1_000;

/** An upload that is not continued for so long is forgotten. Own. */
export const UPLOAD_LIFETIME = 60 * 60 * 1000;

/** Tags in one answer, and the most that a client's `n` can ask for. Own. */
export const TAGS_PAGE = 1_000;

/** Referrers in one answer: the list must stay a manifest that clients accept. Own. */
export const REFERRERS_PAGE = 100;
