/** What a config file, and what it names, may weigh: far above any honest use, far below what could hurt. */
export const MAX_CONFIG_BYTES = 512 * 1024;
export const MAX_KEY_BYTES = 16 * 1024;
/** Ten certificates of 2 kB each, with what openssl writes about them. */
export const MAX_ROOTS_BYTES = 256 * 1024;
/** The public-good root is about 7 kB. */
export const MAX_TRUSTED_ROOT_BYTES = 1024 * 1024;
/** YAML: how often anchors may be repeated, so that a small file cannot become a large value. */
export const MAX_ALIASES = 100;
/** Problems shown at once: a file with more is no config. */
export const MAX_PROBLEMS = 500;
/** What the parser finds fault with and yet understands; of what it does not understand, the first says what is wrong. */
export const MAX_SYNTAX_ERRORS = 10;
/** Characters of what the parser says, and of a key in a path: both repeat the text. */
export const MAX_FAULT_TEXT = 200;

/** Entries of one list or map. */
export const MAX_REGISTRIES = 200;
export const MAX_REALMS = 20;
export const MAX_IMAGES = 1000;
export const MAX_POLICIES = 200;
export const MAX_AUTHORITIES = 50;
export const MAX_ATTESTATIONS = 50;
export const MAX_PROJECTS = 100;
export const MAX_PEOPLE = 1000;
export const MAX_SECRETS = 10;
export const MAX_CONTEXTS = 5000;
export const MAX_PAIRS = 200;

/** Of staged roll-outs. KubeFleet allows as many stages. */
export const MAX_STRATEGIES = 100;
export const MAX_STAGES = 31;
export const MAX_WINDOWS = 100;
export const MAX_SPANS = 50;
export const MAX_FREEZES = 100;
export const MAX_APPROVERS = 20;
export const MAX_CLUSTERS = 100_000;
/** Checks of all strategies: each may cost a call a minute. */
export const MAX_ALL_CHECKS = 200;
/** A month, as GKE's roll-out sequences allow. */
export const MAX_SOAK_MS = 30 * 24 * 60 * 60 * 1000;

/** Of the history. Ten years, with their leap days. */
export const MAX_HISTORY_DAYS = 3653;

/** Characters of one text. */
export const MAX_TEXT = 2048;
export const MAX_NAME = 63;
export const MAX_SELECTOR = 4096;
export const MAX_MATCH = 512;
export const MAX_PATTERN = 1024;

/** Wildcards of one `match`: they backtrack over repository names that tenants choose. */
export const MAX_GLOBSTARS = 2;
export const MAX_STARS_PER_SEGMENT = 2;

/** Milliseconds. A sweep runs each minute; the local world sweeps each second. */
export const MIN_PERIOD_MS = 1000;
export const MAX_DURATION_MS = 7 * 24 * 60 * 60 * 1000;

/** Of an admission review: below that nothing can be looked up, and Kubernetes never waits longer than 30 s. */
export const MIN_REVIEW_MS = 100;
export const MAX_REVIEW_MS = 29_000;
