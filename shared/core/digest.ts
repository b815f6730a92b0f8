/** `sha256:` and 64 lower-case hex digits; no other algorithm is used by Config Sync. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest, exactly: upper-case hex, other algorithms and surrounding space are not. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** The digest whose 64 hex digits Config Sync reports as a commit; undefined when it is not one (Helm: a version). */
export function digestOfCommit(commit: string): Digest | undefined {
  const digest = `sha256:${commit}`;
  return isDigest(digest) ? digest : undefined;
}

/** The 64 hex digits, as Config Sync's status writes a commit. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
