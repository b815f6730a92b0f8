import { distance } from 'fastest-levenshtein';

/** Names that are shown at most. */
const MAX_SHOWN = 5;

/**
 * What to write instead of a name that there is not: the nearest of `known`, or else what there is; undefined where there
 * is nothing.
 *
 * @example
 * didYouMean('prd', ['dev', 'prod']) // 'did you mean prod?'
 */
export function didYouMean(wanted: string, known: readonly string[]): string | undefined {
  const names = [...new Set(known)];
  const near = nearest(wanted, names);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  if (names.length === 0) return undefined;
  const shown = names.toSorted().slice(0, MAX_SHOWN);
  const more = names.length - shown.length;
  return `there is ${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
}

/** Those that one could have meant: that end or begin with it, or are as near as any, and no third of it away. */
function nearest(wanted: string, known: readonly string[]): readonly string[] {
  const text = wanted.toLowerCase();
  const all = known.map((name) => ({ name, away: distanceOf(text, name.toLowerCase()) }));
  const least = Math.min(...all.map(({ away }) => away));
  const close = all.filter(({ away }) => away === least && away <= text.length / 3);
  return close.length > MAX_SHOWN ? [] : close.map(({ name }) => name);
}

/** Of a name of several parts its last one counts as well: what people write of it. */
function distanceOf(text: string, name: string): number {
  const last = name.slice(name.lastIndexOf('/') + 1);
  if (text.length >= MIN_BEGINNING && (name.startsWith(text) || last.startsWith(text))) return 0;
  return Math.min(distance(text, name), distance(text, last));
}

/** A beginning that says something. */
const MIN_BEGINNING = 3;
