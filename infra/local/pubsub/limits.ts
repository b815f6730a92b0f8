/**
 * The limits of the real service (cloud.google.com/pubsub/quotas), and its own where that states
 * none ("own"). Sizes are bytes, times milliseconds unless the name says otherwise.
 */

/** One message: data, attributes and ordering key together. */
export const MESSAGE_LIMIT = 10_000_000;
export const MESSAGES_PER_PUBLISH = 1_000;
export const ATTRIBUTES_PER_MESSAGE = 100;
export const ATTRIBUTE_KEY_LIMIT = 256;
export const ATTRIBUTE_VALUE_LIMIT = 1_024;
export const ORDERING_KEY_LIMIT = 1_024;
export const FILTER_LIMIT = 256;
export const ACK_IDS_PER_CALL = 2_500;

/** How long a message is kept, unless the subscription says otherwise: seven days. */
export const DEFAULT_RETENTION = 7 * 24 * 3_600_000;

export const ACK_DEADLINE_SECONDS = { min: 10, max: 600, default: 10 } as const;
export const DELIVERY_ATTEMPTS = { min: 5, max: 100, default: 5 } as const;
export const RETRY_BACKOFF = { max: 600_000, defaultMin: 10_000, defaultMax: 600_000 } as const;

/** Push without a retry policy backs off between these two. */
export const PUSH_BACKOFF = { minimumBackoff: 100, maximumBackoff: 60_000 } as const;

/** Keeps a retry policy with a minimum of zero from spinning. Own. */
export const BACKOFF_FLOOR = 10;

/** Pushes under way at once, per subscription. Own: the real service adapts, up to 3,000. */
export const PUSH_CONCURRENCY = 64;

/** Messages a stream holds unacknowledged when its client names no number. Own. */
export const STREAM_OUTSTANDING = 1_000;

/** How long a pull waits for a first message before it answers with none. Own. */
export const PULL_WAIT = 20_000;

/** Names in one page of a list, unless the caller asks for fewer. Own. */
export const PAGE_SIZE = 1_000;

/** A publish request on the wire: base64 adds a third to the payload, JSON some more. */
export const REQUEST_LIMIT = 16 * 1024 * 1024;

/** A connection that sends nothing for so long is closed before a protocol is known. Own. */
export const SNIFF_WAIT = 30_000;
