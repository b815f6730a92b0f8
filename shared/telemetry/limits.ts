/** What a request waits for its spans to get out; Google's endpoint and a collector beside us take a tenth of it. */
export const FLUSH_LIMIT_MS = 1_000;

/** After spans could not be sent, requests do not wait for the next ones for so long. */
export const QUIET_MS = 30_000;

/** One export, its retry included. Spans of an export that failed are gone: they are not worth memory. */
export const EXPORT_LIMIT_MS = 2_000;

/** Of one attribute: names of images and clusters are shorter, and texts of others are cut. */
export const MAX_ATTRIBUTE_CHARACTERS = 512;
