/** The real API server's cap on a request body (MaxRequestBodyBytes): 3 MiB. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** The real API server's cap on all annotations of one object, keys and values: 256 KiB. */
export const MAX_ANNOTATION_BYTES = 256 * 1024;

/** Changes kept for watches and list pages; a client that is further behind is answered 410. */
export const MAX_HISTORY = 10_000;

/** Requests remembered for tests; the oldest are forgotten first. */
export const MAX_REQUESTS = 50_000;

/** Events a watcher may leave unread before its stream is closed. */
export const MAX_WATCH_BACKLOG = 10_000;

/** How often a write is repeated when another one got in between, as GuaranteedUpdate does. */
export const MAX_WRITE_ATTEMPTS = 5;

/** Operations in one JSON patch (the real API server's maxJSONPatchOperations). */
export const MAX_JSON_PATCH_OPERATIONS = 10_000;

/** Longest time a watch stays open when the client names none, in seconds. */
export const MAX_WATCH_SECONDS = 3600;
