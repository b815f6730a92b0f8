import { defined } from '#shared/core/defined.ts';
import type { Tracked } from '#shared/core/decision-input.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { ReceiptFacts } from '#shared/core/receipt.ts';
import { type Reference, tryReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { choose, highestOf } from '#shared/core/track/choose.ts';
import { sayAmbiguous, sayNone } from '#shared/core/track/say.ts';
import type { Release, TrackedKind, Tracker } from '#shared/core/track/track.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { TrackNote } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import { type Picked, pickVersion } from './pick-version.ts';

export type LocateDeps = Pick<ImageDeps, 'tracks' | 'resolver' | 'verifier' | 'policies'>;

/** What an entry of the config makes of the versions of one repository, for one follower. */
export interface VersionQuery {
  readonly rule: ImageRule;
  readonly kind: TrackedKind;
  /** Any reference of the repository. */
  readonly reference: Reference;
  /** What was taken before; absent: nothing. */
  readonly taken?: TakenDigest | undefined;
  /** A record holds the way down; absent: the rule says. */
  readonly mayGoDown?: boolean;
}

/** A version that was taken, and the digest that it had. */
export interface TakenDigest extends Release {
  readonly digest: string;
  /** The index that it is a child of. */
  readonly index?: string;
  readonly resolvedAt: string;
}

/** Which version is to be followed. */
export type Located = {
  readonly tracked: Tracked;
} & (
  | { readonly reference: Reference; readonly release: Release; readonly resolution?: Resolution }
  | { readonly verdict: Verdict & { readonly status: 'unusable' } }
);

/**
 * Which version of a repository is to be followed, by what its last listing left and by what was taken. It lists nothing
 * itself: that is for the sweep, once in a period. Throws what the store and the registry throw.
 *
 * @example
 * const located = await locateVersion({ rule, kind: 'image', reference }, note, notBefore, deps);
 */
export async function locateVersion(
  query: VersionQuery,
  found: TrackNote | undefined,
  notBefore: Date,
  deps: LocateDeps,
): Promise<Located> {
  const { rule, kind, reference } = query;
  const tracker = trackerOf(rule, deps);
  const note = found?.track === trackText(rule) ? found : undefined;
  const shared = defined({
    repository: reference.repository,
    kind,
    listedAt: note?.listedAt,
    skipped: [],
  });
  const taken = takenOf(query, note, tracker);
  const mayGoDown = query.mayGoDown ?? isDownAllowed(query, note);
  const choice = choose(note, tracker, { taken: taken && topOf(taken), mayGoDown });
  if (choice.status === 'none') {
    return unusable({ ...shared, why: choice.why }, 'no-version', sayNone(choice.why));
  }
  if (choice.status === 'keep' && taken !== undefined) {
    const tracked = defined({
      ...shared,
      release: releaseOf(taken),
      why: choice.why,
      lower: choice.best,
    });
    return keep(taken, tracked, reference, notBefore, deps);
  }
  const groups = choice.status === 'take' ? choice.groups : [];
  const down = choice.status === 'take' && choice.down ? ({ down: true } as const) : {};
  const pick = { groups, rule, kind, reference, taken: taken && topOf(taken), tracker };
  const picked: Picked = await pickVersion(pick, notBefore, deps);
  const { skipped } = picked;
  if (picked.status === 'ambiguous') {
    return unusable({ ...shared, skipped }, 'ambiguous-version', sayAmbiguous(picked.tags));
  }
  if (picked.status === 'none') {
    if (taken === undefined) {
      return unusable({ ...shared, skipped, why: 'none' }, 'no-version', sayNone('none'));
    }
    const tracked = { ...shared, release: releaseOf(taken), skipped };
    return keep(taken, tracked, reference, notBefore, deps);
  }
  const { release } = picked;
  return {
    tracked: { ...shared, ...down, release, skipped },
    reference: tagged(reference, release.tag),
    release,
  };
}

/** What stays although no tag may lead to it any more: by its digest, dated by what took it. */
async function keep(
  taken: TakenDigest,
  tracked: Tracked,
  { host, path, repository }: Reference,
  notBefore: Date,
  { resolver }: LocateDeps,
): Promise<Located> {
  const named = taken.index ?? taken.digest;
  if (!isDigest(named)) throw new CountersignError('internal', 'What was taken has no digest');
  const found = await resolver.resolve({ host, path, repository, digest: named }, notBefore);
  const release = releaseOf(taken);
  return {
    tracked,
    reference: tagged({ host, path, repository }, release.tag),
    release,
    resolution: { ...found, resolvedAt: taken.resolvedAt, fresh: true },
  };
}

function unusable(
  tracked: Tracked,
  reason: 'no-version' | 'ambiguous-version',
  message: string,
): Located {
  return { tracked, verdict: { status: 'unusable', reason, message } };
}

/** The tracker of a rule that follows versions. */
export function trackerOf(rule: ImageRule, { tracks }: Pick<ImageDeps, 'tracks'>): Tracker {
  const tracker = tracks?.of(rule);
  if (tracker === undefined) throw new CountersignError('internal', 'A rule has no track');
  return tracker;
}

/** Names a track in what is remembered: what was listed for another one counts no more. */
export function trackText({ track }: Pick<ImageRule, 'track'>): string {
  return JSON.stringify(track);
}

/** The highest of what the follower and the fleet have taken; the fleet's counts where no version may go down. */
function takenOf(
  { taken, rule }: VersionQuery,
  note: TrackNote | undefined,
  tracker: Tracker,
): TakenDigest | undefined {
  const floor = rule.downgrade === 'deny' ? note?.floor : undefined;
  const all = [taken, floor].filter((one) => one !== undefined);
  const highest = highestOf(all, tracker);
  return all.find((one) => one.version === highest?.version && one.tag === highest.tag);
}

/** A listing from before the approval in place says nothing of what came after it. */
function isDownAllowed({ rule, taken }: VersionQuery, note: TrackNote | undefined): boolean {
  if (rule.downgrade === 'deny' || note === undefined) return false;
  return taken === undefined || Date.parse(note.listedAt) > Date.parse(taken.resolvedAt);
}

/** As tags are compared: by what was pushed, an index or the image itself. */
function topOf({ tag, version, digest, index }: TakenDigest): Release & { digest: string } {
  return { tag, version, digest: index ?? digest };
}

function releaseOf({ tag, version }: Release): Release {
  return { tag, version };
}

function tagged({ host, path, repository }: Reference, tag: string): Reference {
  return { host, path, repository, tag };
}

/** What a receipt says was taken of a repository by its version. */
export function takenBy(
  facts: ReceiptFacts | undefined,
  repository: string,
): TakenDigest | undefined {
  if (facts?.version === undefined) return undefined;
  const { tag, repository: of } = tryReference(facts.image) ?? {};
  if (of !== repository || tag === undefined) return undefined;
  const { version, digest, index, resolvedAt } = facts;
  return defined({ tag, version, digest, index, resolvedAt });
}
