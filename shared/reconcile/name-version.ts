import { defined } from '#shared/core/defined.ts';
import { type Reference, parseReference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { Release } from '#shared/core/track/track.ts';
import { type LocateDeps, locateVersion, trackerOf } from './locate-version.ts';
import type { EntryDeps } from './resolve-entry.ts';
import { readTrackNote } from './track-notes.ts';
import { viewTrack } from './track-view.ts';

/** What a person means by an image, and which other versions are passed over for it. */
export interface NamedVersion {
  readonly reference: Reference;
  readonly release?: Release;
  /** Of the best ones, one sentence each. */
  readonly passedOver: readonly string[];
}

/** Versions that are named as passed over. */
const MAX_PASSED = 5;

type NameDeps = LocateDeps & Pick<EntryDeps, 'store' | 'listed'> & { readonly now: () => Date };

/**
 * The reference that an image stands for: what it names, or where it has no tag and its entry follows versions, the one
 * that is followed. Throws `bad-reference`, and what the registry throws.
 *
 * @example
 * const { reference, release } = await nameVersion('us-docker.pkg.dev/acme/configs/platform', rule, deps);
 */
export async function nameVersion(
  image: string,
  rule: ImageRule,
  deps: NameDeps,
): Promise<NamedVersion> {
  const reference = parseReference(image);
  const { repository, tag, digest } = reference;
  const isWritten = digest !== undefined || image.endsWith(`:${tag}`);
  const none = { reference, passedOver: [] };
  if (isWritten || versionsOf(rule) === undefined) return none;
  for (const kind of ['image', 'chart'] as const) {
    const note = await (deps.listed === undefined
      ? deps.store && readTrackNote(kind, repository, { store: deps.store })
      : deps.listed({ repository, rule, kind }));
    if (note === undefined || note.matching === 0) continue;
    const located = await locateVersion({ rule, kind, reference }, note, deps.now(), deps);
    if ('verdict' in located) continue;
    const { release, tracked } = located;
    const skipped = tracked.skipped.map((one) => one.tag);
    const { candidates } = viewTrack(note, trackerOf(rule, deps), { skipped });
    const passedOver = candidates
      .filter((one) => one.tag !== release.tag)
      .slice(0, MAX_PASSED)
      .map((one) => `${one.tag}: ${one.why}`);
    return defined({ reference: located.reference, release, passedOver });
  }
  return none;
}
