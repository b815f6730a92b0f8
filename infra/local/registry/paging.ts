/** One page of a sorted list, and whether there is more. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** The items after `last` by `key`, at most `count`. The list is sorted here, so a deleted cursor loses nothing. */
export function pageOf<Item>(
  items: Iterable<Item>,
  key: (item: Item) => string,
  page: { last: string | undefined; count: number },
): Page<Item> {
  const { last, count } = page;
  const sorted = [...items].toSorted((a, b) => compare(key(a), key(b)));
  const rest = last === undefined ? sorted : sorted.filter((item) => key(item) > last);
  return { items: rest.slice(0, count), more: rest.length > count };
}

/** The `Link` header to the next page (RFC 8288), relative to this registry. */
export function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`;
}

/** The client's `n`, at most `limit`; `limit` when there is none or it is no number. */
export function pageSize(n: string | undefined, limit: number): number {
  return n !== undefined && /^\d{1,9}$/.test(n) ? Math.min(Number(n), limit) : limit;
}

/** By code unit: the specification wants lexical order, the same on every machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
