import { defined } from '../defined.ts';
import { type Candidate, IGNORED, type Ignored, type TrackedKind, type Tracker } from './track.ts';

/** A tag as a registry lists it. */
export interface ListedTag {
  readonly tag: string;
  /** What it names, where the listing says so. */
  readonly digest?: string;
  /** When that was made, ISO 8601, where it is known. */
  readonly at?: string;
}

/** Tags that are no candidates, for one reason. */
export interface IgnoredTags {
  readonly why: Ignored;
  readonly count: number;
  /** The first in the order of their names. */
  readonly examples: readonly string[];
}

/** What is kept of a listing, however long it is. */
export interface Shortlist {
  /** The best first; of all candidates, the first `MAX_CANDIDATES`. */
  readonly candidates: readonly Candidate[];
  /** How many tags may be chosen. */
  readonly matching: number;
  readonly ignored: readonly IgnoredTags[];
}

/** More than are ever passed over before one verifies, and as few as fit into one record. */
export const MAX_CANDIDATES = 50;

const MAX_EXAMPLES = 3;

/**
 * Reads tags one by one and keeps the best: the same ones whatever the order in which they come, in memory that does
 * not depend on how many there are. A tag that comes twice counts twice, and is kept once.
 *
 * @example
 * const list = createShortlist(trackerOf(track), 'image');
 * for (const tag of page) list.add(tag);
 * list.end().candidates[0]?.version
 */
export function createShortlist(
  tracker: Tracker,
  kind: TrackedKind,
): { add(listed: ListedTag): void; end(): Shortlist } {
  let best: Candidate[] = [];
  let least: Candidate | undefined;
  let matching = 0;
  const ignored = new Map<Ignored, { count: number; examples: string[] }>();

  function ignore(why: Ignored, tag: string): void {
    const { count, examples } = ignored.get(why) ?? { count: 0, examples: [] };
    const last = examples.at(-1);
    const isFull = examples.length === MAX_EXAMPLES && last !== undefined && tag >= last;
    const named = isFull
      ? examples
      : [...new Set([...examples, tag])].toSorted().slice(0, MAX_EXAMPLES);
    ignored.set(why, { count: count + 1, examples: named });
  }

  return {
    add({ tag, digest, at }) {
      const read = tracker.read(tag, kind, at);
      if (typeof read === 'string') {
        ignore(read, tag);
        return;
      }
      matching += 1;
      const one = defined({ ...read, digest });
      if (least !== undefined && inOrder(one, least, tracker) > 0) return;
      best.push(one);
      if (best.length <= 2 * MAX_CANDIDATES) return;
      best = firstOf(best, tracker);
      // Of those that are kept: what comes behind it need not be remembered.
      least = best.length === MAX_CANDIDATES ? best.at(-1) : undefined;
    },
    end: () => ({
      candidates: firstOf(best, tracker),
      matching,
      ignored: IGNORED.flatMap((why) => {
        const found = ignored.get(why);
        return found === undefined ? [] : [{ why, ...found }];
      }),
    }),
  };
}

/** The best candidates in order, each tag once. */
export function firstOf(candidates: readonly Candidate[], tracker: Tracker): Candidate[] {
  const byTag = new Map(candidates.map((one) => [one.tag, one]));
  return [...byTag.values()].toSorted((a, b) => inOrder(a, b, tracker)).slice(0, MAX_CANDIDATES);
}

/**
 * The best first. Of equals, the tag that is the version as it is written, then the shortest, then by their letters:
 * the same one in whatever order they were listed.
 */
function inOrder(a: Candidate, b: Candidate, { compare }: Tracker): number {
  const byVersion = compare(b.version, a.version) ?? 0;
  if (byVersion !== 0) return byVersion;
  const [plainA, plainB] = [a, b].map(({ tag, version }) => (tag === version ? 0 : 1));
  const byForm = (plainA ?? 0) - (plainB ?? 0) || a.tag.length - b.tag.length;
  if (byForm !== 0) return byForm;
  return a.tag < b.tag ? -1 : 1;
}
