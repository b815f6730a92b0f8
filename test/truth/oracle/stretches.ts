/** How long something was as it was. */
export interface Stretch<T> {
  readonly from: number;
  /** When it was last seen so. */
  to: number;
  readonly what: T;
}

/** One subject's past, seen again and again. */
export interface Past<T> {
  readonly stretches: readonly Stretch<T>[];
  see(what: T, at: number): void;
  /** Everything that was so at some moment from then until then. */
  during(from: number, to: number): readonly T[];
}

/** What is seen twice in a row is one stretch, where it is the same as JSON. */
export function createPast<T>(): Past<T> {
  const stretches: Stretch<T>[] = [];
  let last = '';
  return {
    stretches,
    see(what, at) {
      const text = JSON.stringify(what);
      const current = stretches.at(-1);
      if (current !== undefined) current.to = at;
      if (current !== undefined && text === last) return;
      last = text;
      stretches.push({ from: at, to: at, what });
    },
    during: (from, to) =>
      stretches
        .filter((stretch) => stretch.from <= to && stretch.to >= from)
        .map(({ what }) => what),
  };
}
