const DIGEST = /(?<![0-9a-f])((?:sha256:)?[0-9a-f]{12})[0-9a-f]{52}(?![0-9a-f])/g;

/**
 * A text with its digests shortened, as on the page: enough to distinguish them, and taken by every verb where they are
 * unique. A chart's version is short as it is.
 *
 * @example
 * shorten(`sha256:${'a'.repeat(64)} is live`) // 'sha256:aaaaaaaaaaaa is live'
 */
export function shorten(text: string): string {
  return text.replaceAll(DIGEST, '$1');
}
