import type { Reference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Release, TrackedKind, Tracker } from '#shared/core/track/track.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { trackerOf } from '#shared/reconcile/locate-version.ts';
import { markStale, notePushed } from '#shared/reconcile/track-notes.ts';

/** Tags that were pushed to a repository whose versions are followed, or whose digest was signed. */
export interface PushedTags {
  readonly references: readonly Reference[];
  readonly rule: ImageRule;
  readonly at: Date;
  /** They were pushed, not signed. */
  readonly isNew: boolean;
}

/** What was pushed, and its version where versions are followed. */
export interface PushedReference {
  readonly reference: Reference;
  readonly release?: Release;
}

const KINDS: readonly TrackedKind[] = ['image', 'chart'];

/**
 * Those of the tags that may be followed now: they are versions of the track, and none that is listed is higher. Each of
 * them is noted, so that no listing is needed. What has no tag is left as it is.
 *
 * @example
 * const followed = await dropUnfollowed({ references, rule, at: notification.publishedAt, isNew: true }, deps);
 */
export async function dropUnfollowed(
  { references, rule, at, isNew }: PushedTags,
  deps: Pick<ImageDeps, 'store' | 'tracks' | 'log'>,
): Promise<readonly PushedReference[]> {
  const tracker = trackerOf(rule, deps);
  const followed: PushedReference[] = [];
  for (const reference of references) {
    const { tag, repository } = reference;
    const found = tag === undefined ? { reference } : await follow(reference, tag);
    if (found !== undefined) followed.push(found);
    else deps.log.info({ repository, tag }, 'Tag is not the version that is followed');
  }
  return followed;

  async function follow(reference: Reference, tag: string): Promise<PushedReference | undefined> {
    if (isByTime(rule)) return followByTime(reference, tag);
    let unlisted: PushedReference | undefined;
    for (const kind of KINDS) {
      const release = tracker.read(tag, kind);
      if (typeof release === 'string') continue;
      const note = await notePushed({ rule, kind, reference, release, at, isNew }, deps);
      if (note === undefined) {
        // Nothing was listed yet: it may be the best.
        unlisted ??= { reference, release };
        continue;
      }
      const isBest = !isLower(release.version, note.candidates[0], tracker);
      return isBest || rule.unverified === 'skip' ? { reference, release } : undefined;
    }
    return unlisted;
  }

  /** The registry alone knows when it got it: the next sweep asks. */
  async function followByTime(
    reference: Reference,
    tag: string,
  ): Promise<PushedReference | undefined> {
    if (tracker.read(tag, 'image', at.toISOString()) === 'filtered') return undefined;
    for (const kind of KINDS) await markStale(kind, reference.repository, deps);
    return { reference };
  }
}

/**
 * Has the next sweep list the versions of a repository of which a tag is gone: the highest of those that are left is
 * followed then.
 *
 * @example
 * await listAnew(notification, rule, deps);
 */
export async function listAnew(
  { repository, tag }: { readonly repository: string; readonly tag?: string },
  rule: ImageRule,
  deps: Pick<ImageDeps, 'store' | 'tracks'>,
): Promise<void> {
  if (tag === undefined || versionsOf(rule) === undefined) return;
  const tracker = trackerOf(rule, deps);
  for (const kind of KINDS) {
    if (isByTime(rule) || typeof tracker.read(tag, kind) !== 'string') {
      await markStale(kind, repository, deps);
    }
  }
}

function isByTime(rule: ImageRule): boolean {
  const track = versionsOf(rule);
  return track !== undefined && 'order' in track && track.order === 'newest';
}

function isLower(
  version: string,
  best: { readonly version: string } | undefined,
  { compare }: Tracker,
): boolean {
  return best !== undefined && (compare(version, best.version) ?? 0) < 0;
}
