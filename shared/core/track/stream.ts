import { type Reference, formatReference, tryReference } from '../reference.ts';
import type { ImageRule } from '../rule.ts';
import type { VersionTrack } from './track.ts';

/**
 * Stands in the place of a tag where versions are followed: a repository has one record, whatever versions come and go.
 * No registry is ever asked for it.
 */
const VERSIONS = 'versions';

/**
 * The track of an entry that follows versions; undefined where it follows a tag.
 *
 * @example
 * const track = versionsOf(rule);
 */
export function versionsOf({ track }: Pick<ImageRule, 'track'>): VersionTrack | undefined {
  return typeof track === 'object' ? track : undefined;
}

/**
 * The name under which what follows the versions of a repository is recorded.
 *
 * @example
 * streamOf('us-docker.pkg.dev/acme/configs/platform') // 'us-docker.pkg.dev/acme/configs/platform:versions'
 */
export function streamOf(repository: string): string {
  return `${repository}:${VERSIONS}`;
}

/**
 * The name under which what follows a reference is recorded: `host/path:tag`, or the stream of its versions. Undefined of
 * what names a digest itself.
 *
 * @example
 * recordName(reference, rule)
 */
export function recordName(
  reference: Reference,
  rule: Pick<ImageRule, 'track'>,
): string | undefined {
  if (versionsOf(rule) !== undefined) return streamOf(reference.repository);
  return reference.digest === undefined ? formatReference(reference) : undefined;
}

/**
 * Whether a receipt is of that record: of the same reference, or of a version of its stream. What a stream took over
 * without knowing its version is named by digest.
 *
 * @example
 * isRecordOf('host/path:versions', { image: 'host/path:1.4.2', version: '1.4.2' }) // true
 */
export function isRecordOf(
  record: string,
  { image, version }: { readonly image: string; readonly version?: string },
): boolean {
  if (record === image) return true;
  const { repository = '', digest } = tryReference(image) ?? {};
  return record === streamOf(repository) && (version !== undefined || digest !== undefined);
}

/** As much of a row of the snapshot as says what is followed. */
interface FollowingRow {
  readonly image?: string;
  readonly tracked?: { readonly release?: { readonly tag: string } };
}

/**
 * What a row follows as people know it: of versions the tag that is followed, and not the stream of its record.
 *
 * @example
 * shownImage(row) // 'us-docker.pkg.dev/acme/configs/platform:1.4.2'
 */
export function shownImage({ image, tracked }: FollowingRow): string | undefined {
  if (image === undefined || tracked === undefined) return image;
  const repository = image.slice(0, image.lastIndexOf(':'));
  return tracked.release === undefined ? repository : `${repository}:${tracked.release.tag}`;
}
