import type { RolloutRecord } from '#shared/core/rollout/record.ts';

/** What is in the place of an image's record. */
export interface Entry {
  /** `host/path:tag`. */
  readonly image: string;
  /** Absent: there is none, or none that can be read. */
  readonly record?: RolloutRecord;
  /** Names the write that is in place, for `replace`; absent: nothing is in place. */
  readonly revision?: string;
  /** The image has had a record: where there is none to be read now, it is lost, and its roll-out pauses. */
  readonly known: boolean;
}

/**
 * What roll-outs have decided, one record an image (law 6): small, replaced whole over the version it was made from, in
 * a database of its own that is backed up. Only `push`, `sweep` and `api` write. Throws `store-unavailable`.
 */
export interface Records {
  read(image: string): Promise<Entry>;
  /** Each image that has a record, or has had one, in order of their names. */
  list(): Promise<readonly Entry[]>;
  /** The same of the tags of one repository, `host/path`. */
  ofRepository(repository: string): Promise<readonly Entry[]>;
  /**
   * Writes the record over what `over` found in place, and only if that is in place still. Returns whether it did. Throws
   * `too-large` for a record of more than `MAX_RECORD_BYTES`, and for the first record of an image beyond `MAX_IMAGES`.
   */
  replace(record: RolloutRecord, over: Entry): Promise<boolean>;
  /**
   * Forgets the image: its record, and that it had one. Only if what `entry` found in place is in place still. Returns
   * whether it did.
   */
  remove(entry: Entry): Promise<boolean>;
  close(): Promise<void>;
}
