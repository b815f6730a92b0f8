import { defined } from '#shared/core/defined.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { MAX_CANDIDATES, firstOf } from '#shared/core/track/shortlist.ts';
import type { Release, TrackedKind } from '#shared/core/track/track.ts';
import type { Store, TrackNote } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import { trackText, trackerOf } from './locate-version.ts';

/** What it takes to read what was listed. */
export interface ReadDeps {
  readonly store: Pick<Store, 'readNote'>;
}

interface NoteDeps extends Pick<ImageDeps, 'tracks'> {
  readonly store: Pick<Store, 'readNote' | 'writeNote'>;
}

/** Another push may write at the same moment; the next listing finds what was lost after so many. */
const MAX_ATTEMPTS = 5;

/**
 * What the last listing of a repository left; undefined where there was none.
 *
 * @example
 * const note = await readTrackNote('image', repository, deps);
 */
export function readTrackNote(
  kind: TrackedKind,
  repository: string,
  { store }: ReadDeps,
): Promise<TrackNote | undefined> {
  return store.readNote('track', `${kind} ${repository}`);
}

/**
 * Replaces it by what a listing found, with what was pushed since that began.
 *
 * @example
 * await writeListed('image', repository, note, deps);
 */
export async function writeListed(
  kind: TrackedKind,
  repository: string,
  listed: TrackNote,
  rule: ImageRule,
  deps: NoteDeps,
): Promise<void> {
  const before = await readTrackNote(kind, repository, deps);
  const pushed =
    before?.track === listed.track
      ? before.candidates.filter(
          ({ pushedAt }) => pushedAt !== undefined && pushedAt >= listed.listedAt,
        )
      : [];
  const candidates = inOrder([...listed.candidates, ...pushed], rule, deps);
  await deps.store.writeNote('track', `${kind} ${repository}`, { ...listed, candidates });
}

/** A tag that was pushed, as what the entry of its repository follows. */
export interface PushedTag {
  readonly rule: ImageRule;
  readonly kind: TrackedKind;
  readonly reference: Reference;
  readonly release: Release;
  readonly at: Date;
  /** False where it was signed, and may be known already. */
  readonly isNew: boolean;
}

/**
 * Adds a pushed tag to what there is to choose from: no listing is needed for it. Returns what is in place then;
 * undefined where nothing was listed yet, so that nothing is known to compare it with.
 *
 * @example
 * const note = await notePushed({ rule, kind: 'image', reference, release, at: now() }, deps);
 */
export async function notePushed(
  { rule, kind, reference: { repository }, release, at, isNew }: PushedTag,
  deps: NoteDeps,
): Promise<TrackNote | undefined> {
  const { tag, version } = release;
  for (let attempt = 1; ; attempt += 1) {
    const note = await readTrackNote(kind, repository, deps);
    if (note?.track !== trackText(rule)) return undefined;
    const known = note.candidates.find((one) => one.tag === tag);
    if (known !== undefined && !isNew) return note;
    if (known?.pushedAt !== undefined && known.pushedAt >= at.toISOString()) return note;
    if (attempt > MAX_ATTEMPTS) return note;
    const others = note.candidates.filter((one) => one.tag !== tag);
    // What it names is found out when it is chosen: a notification is a hint.
    const mine = { tag, version, pushedAt: at.toISOString() };
    const candidates = inOrder([...others, mine], rule, deps);
    if (!candidates.some((one) => one.tag === tag)) return note;
    const matching = known === undefined ? note.matching + 1 : note.matching;
    await deps.store.writeNote('track', `${kind} ${repository}`, { ...note, matching, candidates });
  }
}

/**
 * Has the next sweep list anew.
 *
 * @example
 * await markStale('image', repository, deps);
 */
export async function markStale(
  kind: TrackedKind,
  repository: string,
  deps: Pick<NoteDeps, 'store'>,
): Promise<void> {
  const note = await readTrackNote(kind, repository, deps);
  if (note === undefined || note.stale === true) return;
  await deps.store.writeNote('track', `${kind} ${repository}`, { ...note, stale: true });
}

function inOrder(
  candidates: TrackNote['candidates'],
  rule: ImageRule,
  deps: NoteDeps,
): TrackNote['candidates'] {
  const byTag = new Map(candidates.map((one) => [one.tag, one]));
  return firstOf([...byTag.values()], trackerOf(rule, deps))
    .slice(0, MAX_CANDIDATES)
    .map(({ tag, version, digest }) =>
      defined({ tag, version, digest, pushedAt: byTag.get(tag)?.pushedAt }),
    );
}
