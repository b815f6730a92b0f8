import { defined } from '#shared/core/defined.ts';
import { floorOf } from '#shared/core/rollout/ratchet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { choose } from '#shared/core/track/choose.ts';
import { IGNORED_BECAUSE } from '#shared/core/track/say.ts';
import type { Candidate, Tracker } from '#shared/core/track/track.ts';
import { hasMixedIdentifier } from '#shared/core/track/version.ts';
import type { TrackNote } from '#shared/store/store.ts';

/** A version as it would be chosen, or why it would not. */
export interface CandidateView {
  readonly tag: string;
  readonly version: string;
  readonly digest?: string;
  /** It is the one that is to be followed. */
  readonly chosen: boolean;
  /** One sentence. */
  readonly why: string;
}

/** Tags that are not versions of the track, for one reason. */
export interface IgnoredView {
  readonly why: string;
  readonly count: number;
  readonly examples: readonly string[];
  readonly meaning: string;
}

/** What there is to choose from, the best first. */
export interface TrackView {
  readonly candidates: readonly CandidateView[];
  readonly ignored: readonly IgnoredView[];
  readonly warnings: readonly string[];
}

/** What was taken, and what waits. */
export interface ViewedAs {
  /** The version that clusters have, or that the record of a roll-out holds others to. */
  readonly taken?: { readonly tag: string; readonly version: string } | undefined;
  readonly record?: RolloutRecord | undefined;
  /** Tags that are not verified, and are skipped. */
  readonly skipped?: readonly string[];
}

/**
 * The candidates of a listing as they would be ordered, and why each would be chosen or passed over.
 *
 * @example
 * const { candidates, ignored, warnings } = viewTrack(note, tracker, { taken });
 */
export function viewTrack(
  note: TrackNote,
  tracker: Tracker,
  { taken, record, skipped = [] }: ViewedAs = {},
): TrackView {
  const floor = record && floorOf(record, tracker);
  const held = [taken, floor].filter((one) => one !== undefined);
  const [highest] = held.toSorted((a, b) => tracker.compare(b.version, a.version) ?? 0);
  const choice = choose(note, tracker, { taken: highest });
  const groups = choice.status === 'take' ? choice.groups : [];
  const followed = groups.find(([first]) => first && !skipped.includes(first.tag))?.[0];
  return {
    candidates: note.candidates.map((one) => {
      const chosen = one.tag === followed?.tag;
      const { tag, version, digest } = one;
      const why = chosen ? 'The one to follow' : sayPassed(one, { followed, highest, skipped });
      return defined({ tag, version, digest, chosen, why: note.complete ? why : CUT });
    }),
    ignored: note.ignored.map((one) => ({ ...one, meaning: IGNORED_BECAUSE[one.why] })),
    warnings: warningsOf(note),
  };

  function sayPassed(
    { tag, version }: Candidate,
    by: {
      readonly followed: Candidate | undefined;
      readonly highest: { readonly version: string } | undefined;
      readonly skipped: readonly string[];
    },
  ): string {
    if (by.skipped.includes(tag)) return 'Not verified, and skipped';
    if (by.followed !== undefined) {
      const order = tracker.compare(version, by.followed.version);
      return order === 0
        ? `The same version as ${by.followed.tag}`
        : `Lower than ${by.followed.version}`;
    }
    return by.highest === undefined
      ? 'Not chosen'
      : `Lower than ${by.highest.version}, which was taken: automation goes down to none`;
  }
}

const CUT = 'Not chosen: the listing was cut, and decides nothing';

function warningsOf({ candidates, complete, listed }: TrackNote): readonly string[] {
  const mixed = candidates.find(({ version }) => hasMixedIdentifier(version));
  return [
    ...(complete ? [] : [`Only ${listed} tags were listed, and there are more: remove old tags`]),
    ...(mixed === undefined
      ? []
      : [
          `The pre-release of ${mixed.tag} mixes letters and digits, which are compared as text, so that rc9 comes after rc10: write rc.9`,
        ]),
  ];
}
