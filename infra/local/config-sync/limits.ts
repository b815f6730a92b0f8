/**
 * Config Sync's own numbers (docs/facts/config-sync.md), and this stand-in's own where it has none ("own"). Sizes are bytes; times
 * are milliseconds as on a real cluster, and pace.ts says which of them a local world shortens.
 */

/** `spec.oci.period` where it names none. */
export const OCI_PERIOD = 15_000;

/** `spec.helm.period` where it names none. */
export const HELM_PERIOD = 3_600_000;

/** RECONCILER_POLLING_PERIOD: between the end of one sync attempt and the next. */
export const ATTEMPT_PERIOD = 15_000;

/** A reconciler applies everything again so often, changed or not. */
export const FULL_SYNC_PERIOD = 3_600_000;

/**
 * A failed attempt is retried after this, twice, and then after a wait that doubles each time, so many times; without
 * Config Sync's 10% of jitter. The first wait is that of the idle timer, which the back-off does not count.
 */
export const RETRY_BACKOFF = 1_000;
export const RETRY_STEPS = 12;

/** Between two looks at what the remediator and the other stages found. */
export const STATUS_PERIOD = 5_000;

/** HYDRATION_POLLING_PERIOD: how long a rendering takes to be seen at most. */
export const HYDRATION_PERIOD = 5_000;

/** `spec.override.reconcileTimeout`: how long an apply waits until what it changed is Current, or gone. */
export const RECONCILE_TIMEOUT = 300_000;

/** Between two looks at an object that an apply waits for. */
export const RECONCILE_POLL = 1_000;

/** oci-sync and helm-sync: first wait after a failed pull, doubled up to the cap or the period, whichever is longer. */
export const PULL_BACKOFF = 1_000;
export const PULL_BACKOFF_CAP = 3_600_000;

/** `--max-sync-failures`: after so many in a row the container exits and begins anew. */
export const MAX_PULL_FAILURES = 30;

/** One pull, with everything that belongs to it. Not shortened. */
export const PULL_TIMEOUT = 120_000;

/** One request to the cluster: `spec.override.apiServerTimeout`. Not shortened. */
export const API_TIMEOUT = 15_000;

/** Between two tries at reaching the cluster, or at writing a status. Own. */
export const API_RETRY = 1_000;

/** Seconds that one watch stays open; below the 300 after which fetch gives up on a silent body. Own. */
export const WATCH_SECONDS = 240;

/** One line of a watch: no object in etcd is larger than 1.5 MiB. Own. */
export const WATCH_LINE_LIMIT = 4 * 1024 * 1024;

/** How often a status is computed again after another write got in between. */
export const MAX_CONFLICTS = 5;

export const ROOT_SYNC_NAME_LIMIT = 38;

/** Name and namespace of a RepoSync together. */
export const REPO_SYNC_NAMES_LIMIT = 45;

/** A manifest: what registries accept at most. */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** One layer as stored, and unpacked. Own: everything here is in memory. */
export const LAYER_LIMIT = 64 * 1024 * 1024;
export const UNPACKED_LIMIT = 256 * 1024 * 1024;

/** One file that is looked through for RSyncs. Own. */
export const MANIFEST_FILE_LIMIT = 1024 * 1024;

/** Layers of one image, and indexes within indexes. Own. */
export const LAYERS_LIMIT = 128;
export const INDEX_DEPTH = 3;

/** A list of tags, and a token. Own. */
export const ANSWER_LIMIT = 1024 * 1024;
