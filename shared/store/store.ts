import type { ClusterRecord, ImageRecord, NoteKind, Notes } from './schema.ts';

export type * from './schema.ts';

/** Called with a row that cannot be read and counts as absent. */
export type OnUnreadable = (row: { readonly table: string; readonly key: string }) => void;

/**
 * The throw-away store (law 6): what no RSync can remember. Deleting it costs calls and duplicate events, never an
 * approval. Functions share it, so every write replaces one whole record. Throws `store-unavailable`.
 */
export interface Store {
  readCluster(cluster: string): Promise<ClusterRecord | undefined>;
  /**
   * Replaces the record, unless the one in place comes from a reconcile that started later. With `over`: if the one in
   * place is still that one, and only then (`undefined`: if there is none). Returns whether it did.
   */
  writeCluster(
    record: ClusterRecord,
    condition?: { readonly over: ClusterRecord | undefined },
  ): Promise<boolean>;
  deleteCluster(cluster: string): Promise<void>;
  /** Records in order of cluster name, after `after`; at most `limit`. */
  listClusters(page: {
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly ClusterRecord[]>;
  /** All records by cluster, in order of name; of a process that asks again and again, only what has changed is read. */
  everyCluster(): Promise<ReadonlyMap<string, ClusterRecord>>;
  /** Puts right what is derived from records, where an earlier version left it out, or it was lost. */
  mend(): Promise<void>;
  /** Of the clusters that have a completed reconcile: their names, and those that follow `repository`. */
  followers(repository: string): Promise<Followers>;
  readImage(key: ImageKey): Promise<ImageRecord | undefined>;
  /**
   * Replaces the record. With `over`: if the one in place is still that one, and only then (`undefined`: if there is
   * none). Returns whether it did.
   */
  writeImage(
    record: ImageRecord,
    condition?: { readonly over: ImageRecord | undefined },
  ): Promise<boolean>;
  /** Records of tags whose last verdict is not `verified`, at most `limit`, in no order. */
  troubledTags(limit: number): Promise<readonly ImageRecord[]>;
  readNote<Kind extends NoteKind>(kind: Kind, name: string): Promise<Notes[Kind] | undefined>;
  /** Replaces the note; the later write stays. */
  writeNote<Kind extends NoteKind>(kind: Kind, name: string, note: Notes[Kind]): Promise<void>;
  close(): Promise<void>;
}

export interface Followers {
  readonly known: ReadonlySet<string>;
  readonly following: ReadonlySet<string>;
}

export type ImageKey = Pick<ImageRecord, 'repository' | 'digest'>;

/** Whether there is a record, of a tag whose last verdict leaves something to be done. */
export function isTroubledTag(record: ImageRecord | undefined): record is ImageRecord {
  if (!record?.digest.startsWith(':')) return false;
  return record.status !== undefined && record.status !== 'verified';
}
