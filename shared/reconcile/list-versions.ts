import { TAG } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { createShortlist } from '#shared/core/track/shortlist.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { TrackedKind } from '#shared/core/track/track.ts';
import type { ListTags } from '#shared/registry/list-tags.ts';
import type { TrackNote } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import { trackText, trackerOf } from './locate-version.ts';

export interface ListVersionsDeps extends Pick<ImageDeps, 'tracks' | 'now'> {
  readonly listTags: ListTags;
}

/** Whose versions are listed. */
export interface Stream {
  readonly repository: string;
  readonly rule: ImageRule;
  readonly kind: TrackedKind;
}

/**
 * Lists the versions of a repository once, however many tags it has: the best are kept, and the others counted. Throws
 * what the registry throws.
 *
 * @example
 * const { candidates, complete } = await listVersions({ repository, rule, kind: 'image' }, deps);
 */
export async function listVersions(
  { repository, rule, kind }: Stream,
  { listTags, now, ...deps }: ListVersionsDeps,
): Promise<TrackNote> {
  const tracker = trackerOf(rule, deps);
  const track = versionsOf(rule);
  const listedAt = now().toISOString();
  const shortlist = createShortlist(tracker, kind);
  let listed = 0;
  const isByTime = track !== undefined && 'order' in track && track.order === 'newest';
  const timesOf = isByTime
    ? (tag: string) => tracker.read(tag, kind, listedAt) !== 'filtered'
    : undefined;
  const { complete } = await listTags(
    repository,
    (tags) => {
      listed += tags.length;
      // What a registry calls a tag goes into paths and texts.
      for (const tag of tags) if (TAG.test(tag.tag)) shortlist.add(tag);
    },
    { timesOf },
  );
  const { candidates, matching, ignored } = shortlist.end();
  return {
    track: trackText(rule),
    listedAt,
    complete,
    listed,
    matching,
    candidates: [...candidates],
    ignored: ignored.map((one) => ({ ...one, examples: [...one.examples] })),
  };
}
