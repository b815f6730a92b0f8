import { tryReference } from '../reference.ts';

/** What an id may be: it is a part of URLs, and stands in events and annotations. */
export const ROLLOUT_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,255}$/;

/** Of a repository's last part, and of a tag: an id stays short enough for an annotation and a URL. */
const MAX_PART = 60;

/**
 * The id of a roll-out that begins with version `number` of the image's record: the same when it is made again from the
 * same record, so that a notification that comes twice begins one roll-out.
 *
 * @example
 * rolloutId('us-docker.pkg.dev/acme/configs/platform:v1', digest, 8) // 'platform-v1-8-1a2b3c4d'
 */
export function rolloutId(image: string, key: string, number: number): string {
  const { path = 'image', tag = '' } = tryReference(image) ?? {};
  const name = path.split('/').at(-1) ?? path;
  const parts = [name, tag].map((part) => part.slice(0, MAX_PART)).filter((part) => part !== '');
  return [...parts, number, shortHash([image, key, number].join(' '))].join('-');
}

/** FNV-1a in 32 bits, as 8 hex digits: it keeps the ids of one name apart, and guards nothing. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
