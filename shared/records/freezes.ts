import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';

/** The freezes in place. */
export interface FreezesFound {
  /** In the order in which they began. */
  readonly freezes: readonly PersonFreeze[];
  /** There were freezes, and they are gone or cannot be read: which, is not known. */
  readonly lost: boolean;
  /** Names the write that is in place, for `replace`; absent: nothing is in place. */
  readonly revision?: string;
}

/**
 * What people have frozen: one small document, replaced whole over the version it was made from, in the database of the
 * records. Only `sweep` and `api` write. Throws `store-unavailable`.
 */
export interface Freezes {
  read(): Promise<FreezesFound>;
  /**
   * Writes the freezes over what `over` found in place, and only if that is in place still. Returns whether it did. Throws
   * `too-large` for more than `MAX_FREEZES`.
   */
  replace(freezes: readonly PersonFreeze[], over: FreezesFound): Promise<boolean>;
  close(): Promise<void>;
}
