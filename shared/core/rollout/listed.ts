/** The first of a list, and how many there are. */
export interface Listed<T> {
  readonly count: number;
  readonly first: readonly T[];
}

/** Entries that are listed. */
const MAX_LISTED = 20;

/**
 * A list for people: its first entries, and its length.
 *
 * @example
 * listed(clusters.map(({ cluster }) => cluster)) // { count: 9_500, first: [20 names] }
 */
export function listed<T>(all: readonly T[]): Listed<T> {
  return { count: all.length, first: all.slice(0, MAX_LISTED) };
}
