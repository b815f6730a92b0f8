import type { Tracked } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Release } from '#shared/core/track/track.ts';
import type { Store, TrackNote } from '#shared/store/store.ts';
import type { FollowedRSync } from './follow.ts';
import type { Stream } from './list-versions.ts';
import { type LocateDeps, locateVersion, takenBy } from './locate-version.ts';
import { createTargets } from './resolve-targets.ts';
import { readTrackNote } from './track-notes.ts';

/** What an RSync is to be on, found: one reference, and what it is in the registry. */
export interface ResolvedEntry {
  /** Its target is one reference, or unusable: no versions any more. */
  readonly entry: FollowedRSync;
  /** Absent where there is nothing to resolve. */
  readonly resolution?: Resolution;
  readonly tracked?: Tracked;
  readonly release?: Release;
}

export interface EntryDeps extends LocateDeps {
  /** Absent: nothing was listed, as far as that is remembered. */
  readonly store?: Pick<Store, 'readNote'>;
  /** Lists anew, in place of what is remembered: for who has no store. */
  readonly listed?: (stream: Stream) => Promise<TrackNote>;
}

export type ResolveEntries = (entry: FollowedRSync, afresh: boolean) => Promise<ResolvedEntry>;

/**
 * What the RSyncs of one look at a cluster are to be on, of versions the one that is followed. To be made after the list.
 * `afresh`: another writer was faster, so that all is asked again. Throws what the registry and the store throw.
 *
 * @example
 * const { entry, resolution } = await createEntries(deps, notBefore)(followed, false);
 */
export function createEntries(deps: EntryDeps, notBefore: Date): ResolveEntries {
  const targets = createTargets(deps.resolver, notBefore);
  const notes = new Map<string, Promise<TrackNote | undefined>>();

  async function read(stream: Stream): Promise<TrackNote | undefined> {
    const { listed, store } = deps;
    if (listed !== undefined) return listed(stream);
    return store && readTrackNote(stream.kind, stream.repository, { store });
  }

  function noteOf(stream: Stream, afresh: boolean): Promise<TrackNote | undefined> {
    const name = `${stream.kind} ${stream.repository}`;
    const known = afresh ? undefined : notes.get(name);
    const asked = known ?? read(stream);
    notes.set(name, asked);
    return asked;
  }

  async function resolve(entry: FollowedRSync, afresh: boolean): Promise<Resolution | undefined> {
    return (afresh ? targets.afresh : targets.of)(entry);
  }

  return async (entry, afresh) => {
    const { rsync, rule, target } = entry;
    if (target.status !== 'track') {
      return defined({ entry, resolution: await resolve(entry, afresh) });
    }
    const { kind, reference } = target;
    const taken = takenBy(rsync.annotations.receipt.facts, reference.repository);
    const note = await noteOf({ repository: reference.repository, rule, kind }, afresh);
    const located = await locateVersion({ rule, kind, reference, taken }, note, notBefore, deps);
    const { tracked } = located;
    if ('verdict' in located) return { entry: { ...entry, target: located.verdict }, tracked };
    const { release } = located;
    const found = { ...entry, target: { status: 'follow', reference: located.reference } } as const;
    const resolution = located.resolution ?? (await resolve(found, afresh));
    return defined({
      entry: found,
      tracked,
      release,
      resolution: resolution && asPulled(resolution, target, release),
    });
  };
}

/** Helm pulls a chart by the version that its tag is, whatever its manifest says. */
export function asPulled(
  resolution: Resolution,
  { kind }: { readonly kind: 'image' | 'chart' },
  { tag }: Release,
): Resolution {
  const { image } = resolution;
  if (kind === 'image' || image.status !== 'resolved') return resolution;
  return { ...resolution, image: { ...image, version: tag.replaceAll('_', '+') } };
}
