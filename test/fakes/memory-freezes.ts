import { CountersignError } from '#shared/core/errors.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import type { Freezes } from '#shared/records/freezes.ts';
import { readFreezes, writeFreezes } from '#shared/records/freezes-schema.ts';

export interface MemoryFreezes {
  /** Handles on the same freezes. */
  open(): Freezes;
  /** What is in place, as text: for tests that damage it; undefined loses it. */
  set(text: string | undefined): void;
  /** What is in place, as far as it can be read. */
  list(): readonly PersonFreeze[];
  /** From now on, or no longer, each call fails. */
  fail(failing?: boolean): void;
  /** Calls of `read` so far. */
  readonly reads: () => number;
}

/** Freezes in memory, for tests of what uses them. */
export function createMemoryFreezes(): MemoryFreezes {
  let place: { readonly text: string; readonly revision: string } | undefined;
  let known = false;
  let writes = 0;
  let reads = 0;
  let failing = false;

  function check(): void {
    if (failing) throw new CountersignError('store-unavailable', 'The freezes are out of reach');
  }

  function put(text: string): void {
    writes += 1;
    place = { text, revision: `${writes}` };
    known = true;
  }

  return {
    set(text) {
      if (text === undefined) place = undefined;
      else put(text);
    },
    list: () => (place === undefined ? [] : (readFreezes(place.text) ?? [])),
    fail: (now = true) => void (failing = now),
    reads: () => reads,
    open: () => ({
      read: async () => {
        reads += 1;
        check();
        if (place === undefined) return { freezes: [], lost: known };
        const freezes = readFreezes(place.text);
        return { freezes: freezes ?? [], lost: freezes === undefined, revision: place.revision };
      },
      replace: async (freezes, { revision }) => {
        check();
        const text = writeFreezes(freezes);
        if (place?.revision !== revision) return false;
        put(text);
        return true;
      },
      close: () => Promise.resolve(),
    }),
  };
}
