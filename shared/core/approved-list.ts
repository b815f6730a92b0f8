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
