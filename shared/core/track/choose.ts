import type { Candidate, Release, Tracker } from './track.ts';

/** What was taken before, which automation never goes below. */
export interface Taken extends Release {
  /** The approval key, or the digest of the index that was pushed. */
  readonly digest?: string;
}

/** What there is to choose from. */
export interface Listed {
  /** In the order of `createShortlist`. */
  readonly candidates: readonly Candidate[];
  /** False where the listing was cut: it decides nothing. */
  readonly complete: boolean;
}

/** Why what was taken stays, or why nothing is chosen. */
export const KEPT_BECAUSE = ['lower', 'none', 'cut', 'unlisted'] as const;

export type KeptBecause = (typeof KEPT_BECAUSE)[number];

/** What the versions of a fleet wait for until a person acts: published once, when it begins. */
export const VERSION_WAITS = ['version-gone', 'listing-cut', 'ambiguous-version'] as const;

export type VersionWait = (typeof VERSION_WAITS)[number];

export type Choice =
  /** Versions that may be taken, the best first; each is a group of tags of one precedence. */
  | {
      readonly status: 'take';
      readonly groups: readonly (readonly Candidate[])[];
      readonly down: boolean;
    }
  /** What was taken stays. `best`: what is listed, and lower. */
  | {
      readonly status: 'keep';
      readonly taken: Taken;
      readonly why: KeptBecause;
      readonly best?: Candidate;
    }
  | { readonly status: 'none'; readonly why: KeptBecause };

export interface ChooseOptions {
  /** What was taken; absent: nothing, or that is not known. */
  readonly taken?: Taken | undefined;
  /** A lower version may be taken, for the config says so and the listing is newer than what was taken. */
  readonly mayGoDown?: boolean;
}

/**
 * The version to take. The ratchet: nothing that is lower than what was taken, whatever the listing lacks; a listing that
 * was cut, is empty, or is not there, moves nothing. Undefined `listed`: there is none.
 *
 * @example
 * const choice = choose({ candidates, complete: true }, trackerOf(track), { taken: { tag: '1.4.2', version: '1.4.2' } });
 */
export function choose(
  listed: Listed | undefined,
  tracker: Tracker,
  { taken, mayGoDown = false }: ChooseOptions = {},
): Choice {
  const stay = (why: KeptBecause, best?: Candidate): Choice =>
    taken === undefined
      ? { status: 'none', why }
      : { status: 'keep', taken, why, ...(best && { best }) };
  if (listed === undefined) return stay('unlisted');
  if (!listed.complete) return stay('cut');
  const [best] = listed.candidates;
  if (best === undefined) return stay('none');
  const groups = groupEquals(listed.candidates, tracker);
  // Another kind of order than the one by which it was taken has no word on it.
  const order = taken && tracker.compare(best.version, taken.version);
  if (taken === undefined || order === undefined) return { status: 'take', groups, down: false };
  if (order < 0) return mayGoDown ? { status: 'take', groups, down: true } : stay('lower', best);
  const above = groups.filter(([first]) => isAtLeast(first, taken, tracker));
  return { status: 'take', groups: above, down: false };
}

function isAtLeast(one: Candidate | undefined, taken: Taken, { compare }: Tracker): boolean {
  return one !== undefined && (compare(one.version, taken.version) ?? 0) >= 0;
}

function groupEquals(
  candidates: readonly Candidate[],
  { compare }: Tracker,
): readonly (readonly Candidate[])[] {
  const groups: Candidate[][] = [];
  for (const one of candidates) {
    const last = groups.at(-1);
    const isSame = last?.[0] !== undefined && compare(last[0].version, one.version) === 0;
    if (isSame) last?.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** Tags of one precedence, each with what it names in the registry. */
export interface Named extends Candidate {
  readonly digest: string;
}

/**
 * The one tag that a version stands for: where several tags are the same version, they must name the same digest, and the
 * digest that was taken as that version by another tag as well. Returns the tags that do not agree, where they do not;
 * undefined where no tag is left.
 *
 * @example
 * settle([{ tag: '1.2.3', version: '1.2.3', digest }, { tag: 'v1.2.3', version: '1.2.3', digest }], tracker)
 */
export function settle(
  group: readonly Named[],
  tracker: Tracker,
  taken?: Taken,
): Named | { readonly ambiguous: readonly string[] } | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const others = group.filter(({ digest }) => digest !== first.digest);
  const isTaken =
    taken?.digest !== undefined &&
    tracker.compare(first.version, taken.version) === 0 &&
    !group.some(({ tag }) => tag === taken.tag) &&
    taken.digest !== first.digest;
  if (others.length === 0 && !isTaken) return first;
  const names = group.map(({ tag }) => tag);
  return { ambiguous: isTaken ? [...names, taken.tag] : names };
}

/**
 * The highest of what was taken; those that cannot be compared are left out, but for the last.
 *
 * @example
 * const taken = highestOf([receipt, floor], trackerOf(track));
 */
export function highestOf(
  taken: readonly (Taken | undefined)[],
  { compare }: Tracker,
): Taken | undefined {
  return taken.reduce<Taken | undefined>((best, one) => {
    if (one === undefined || compare(one.version, one.version) === undefined) return best;
    return best === undefined || (compare(one.version, best.version) ?? 0) > 0 ? one : best;
  }, undefined);
}
