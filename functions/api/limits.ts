const MINUTE_MS = 60_000;

/** Entries of one page. An RSync takes about 1 kB, a roll-out as much for every five of its stages. */
export const DEFAULT_PAGE = 100;
export const MAX_PAGE = 1_000;

/** Entries of the history that one request reads before it answers with what it has, and a cursor. */
export const MAX_ENTRIES_READ = 2_000;
/** Of the events of one page, in characters: of the largest ones, some sixty. */
export const MAX_HISTORY_BYTES = 4 * 1024 * 1024;

/** Clusters of the snapshot that one request reads before it answers with what it has, and a cursor: Firestore bills each. */
export const MAX_CLUSTERS_READ = 1_000;

/** Records that are read at once by their names. */
export const RECORDS_AT_ONCE = 25;

/** Clusters that one `live=true`, or one dry run, may read: two calls each, of 240 a minute (law 8). */
export const MAX_LIVE_CLUSTERS = 50;

/**
 * How long a live read is waited for, in milliseconds. The calls of fifty clusters take 49 s of one instance's budget
 * where there are two instances, which is the default; who calls us waits a minute.
 */
export const LIVE_DEADLINE_MS = 55_000;

/** For what asks the registry and one cluster: less than Cloud Run, or any front end, waits. */
export const READ_DEADLINE_MS = 30_000;

/** What a caller may spend in a minute, all at once if need be: a call that only reads the snapshot costs 1. */
export const SPEND_PER_MINUTE = 240;

/** Calls of a cluster, of a registry, or of everything that follows an image. */
export const COSTLY_CALL = 10;

/** Callers whose spending is remembered; beyond it, the caller who called longest ago begins anew. */
export const MAX_CALLERS = 10_000;

/**
 * How long a reading of the whole snapshot is shown before it is read again: longer for a large one, for it reads each
 * cluster's record, and pages are left open all day.
 */
export const SNAPSHOT_TTL_MS = 3_000;
export const SNAPSHOT_TTL_MS_PER_CLUSTER = 30;
export const MAX_SNAPSHOT_TTL_MS = MINUTE_MS;

/** A fleet of more clusters is counted by the sweep alone: no request reads it as a whole. */
export const COUNTED_AT_ONCE = 500;

/** As its alert has it (docs/runbook.md#sweep-is-silent). */
export const SWEEP_SILENT_MS = 5 * MINUTE_MS;

/** Pages that listen for news, of one instance and of one person: each holds one of the instance's requests. */
export const MAX_STREAMS = 40;
export const MAX_STREAMS_EACH = 6;
/** How long one is held: below the least limit of a request that Cloud Run has by default, which is five minutes. */
export const STREAM_MS = 4 * MINUTE_MS;
/** How often it is sent what the fleet is. */
export const STREAM_TICK_MS = 5_000;

/** Needs of one answer: the rest is counted. */
export const MAX_NEEDS = 100;

/** Answers to resyncs that are kept for callers who send their idempotency key again. */
export const MAX_ANSWERS = 1_000;
export const ANSWER_TTL_MS = 60 * MINUTE_MS;

/** Longest of what a caller writes. */
export const MAX_NAME = 512;
export const MAX_IMAGE = 1_024;
export const MAX_REASON = 500;
/** As in the config. */
export const MAX_SELECTOR = 1_024;
export const MAX_KEY = 128;
/** A cursor names a cluster and an RSync. */
export const MAX_CURSOR = 2_048;

/** RSyncs that a dry run of a decision names; the counts say how many there are. */
export const MAX_TOUCHED = 200;

/** Clusters of one stage that are named as lagging; the counts say how many there are. */
export const MAX_LAGGING = 20;
/** Of what is said of one of them. */
export const MAX_LAG_MESSAGE = 200;

/** How long tags in trouble are shared before they are asked for again. */
export const TROUBLES_TTL_MS = 2_000;
