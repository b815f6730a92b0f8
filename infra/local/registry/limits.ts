/** Sizes are bytes, times milliseconds unless the name says otherwise. */

/** OCI distribution 1.1, section "Pulling manifests": clients may limit names so; Docker does. */
export const NAME_LIMIT = 255;

/** OCI distribution 1.1, section "Pushing Manifests": at least 4 MiB must be taken; real registries stop there. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** One blob, and one upload under way. Ours: everything here is in memory. */
export const BLOB_LIMIT = 512 * 1024 * 1024;

/** All blobs, manifests and unfinished uploads together. Ours. */
export const STORE_LIMIT = 2 * 1024 * 1024 * 1024;

/** Uploads under way at once. Ours. */
export const UPLOADS_LIMIT = 1_000;

/** An upload that nobody touches for so long is forgotten. Ours. */
export const UPLOAD_LIFETIME = 60 * 60 * 1000;

/** Tags in one answer, and the most that a client's `n` can ask for. Ours. */
export const TAGS_PAGE = 1_000;

/** Referrers in one answer: the list must stay a manifest that clients accept. Ours. */
export const REFERRERS_PAGE = 100;

/** Docker's token specification: at least 60 seconds. */
export const TOKEN_LIFETIME_SECONDS = 300;

/** Tokens that are known at once; the oldest is forgotten first. Ours. */
export const TOKENS_LIMIT = 1_000;
