import { CountersignError } from '#shared/core/errors.ts';
import type { Entry, History } from '#shared/history/history.ts';
import { keysOf, rangeOf, readEntry, writeEntry } from '#shared/history/schema.ts';

export interface MemoryHistory {
  /** Handles on the same history. */
  open(): History;
  /** What is in place, as text, by id. */
  readonly texts: Map<string, string>;
  /** From now on each call fails, or no more. */
  fail(failing?: boolean): void;
}

/** A history in memory, for tests of what uses one. */
export function createMemoryHistory(): MemoryHistory {
  const texts = new Map<string, string>();
  let isFailing = false;

  function check(): void {
    if (isFailing) throw new CountersignError('store-unavailable', 'The history is out of reach');
  }

  return {
    texts,
    fail: (failing = true) => void (isFailing = failing),
    open: () => ({
      async add(entry) {
        check();
        if (texts.has(entry.id)) return false;
        texts.set(entry.id, writeEntry(entry));
        return true;
      },
      async list(query) {
        check();
        const { facet } = query.by;
        const { from, before } = rangeOf(query);
        return [...texts.values()]
          .flatMap((text) => readEntry(text) ?? [])
          .flatMap((entry) => keyed(entry, keysOf(entry)[facet]))
          .filter(({ key }) => key >= from && key < before)
          .toSorted((a, b) => (a.key < b.key ? 1 : -1))
          .map(({ entry }) => entry)
          .slice(0, query.limit);
      },
      close: () => Promise.resolve(),
    }),
  };
}

function keyed(entry: Entry, key: string | undefined): { entry: Entry; key: string }[] {
  return key === undefined ? [] : [{ entry, key }];
}
