/**
 * The value of `countersign.dev/approved`: approval keys, newest first. A key is a digest, or for Helm over OCI
 * `<host/path>/<chart>:<version>`.
 */
const MAX_BEFORE = 2;
const MAX_READ = 16;

/** Reads the annotation; anyone may have written it where there is no gate, so its length is not believed. */
export function parseApproved(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return [...new Set(value.split(' ', MAX_READ).filter((key) => key !== ''))];
}

/**
 * Whether the annotation is, to the letter, the list that `parseApproved` reads from it. The gate splits the whole
 * text at each space: what is written in any other way may approve more there than is read here.
 */
export function isAsWritten(value: string | undefined): boolean {
  return value === undefined || value === formatApproved(parseApproved(value));
}

/** Keys that stand behind those that `parseApproved` reads, the first of them, for people. */
export function unreadKeys(value: string | undefined): readonly string[] {
  const read = new Set(parseApproved(value));
  const all = value?.split(' ').filter((key) => key !== '' && !read.has(key)) ?? [];
  return [...new Set(all)].slice(0, MAX_READ);
}

/** One space between keys and nothing else: the gate splits on exactly that. Empty list: withdrawn. */
export function formatApproved(keys: readonly string[]): string {
  return keys.join(' ');
}

/**
 * The list with `current` in front: then what is live, if it verifies, for Config Sync re-sends it until it has
 * pulled the new one; then at most two that were approved before, so that a tag moved back is not held up.
 */
export function approveKey(
  current: string,
  live: string | undefined,
  before: readonly string[],
): readonly string[] {
  const head = live === undefined || live === current ? [current] : [current, live];
  return [...head, ...before.filter((key) => !head.includes(key)).slice(0, MAX_BEFORE)];
}
