/** One published event, as it is remembered. */
export interface Entry {
  /** Its `ce-id`: 64 hexadecimal digits. */
  readonly id: string;
  /** Its `ce-time`, ISO 8601 with milliseconds, UTC: where it stands among the others. */
  readonly time: string;
  /** Without prefix and version: `sync.approved`. A later version may have types that this one does not know. */
  readonly type: string;
  readonly severity: string;
  /** Its `ce-source`. */
  readonly publisher?: string;
  /** What the event says, as it was published. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Of `data`, only what is no list: it was larger than `MAX_DATA_BYTES`. */
  readonly cut?: true;
}

/** What entries can be asked for by, each in order of time. */
export const FACETS = ['time', 'type', 'image', 'cluster', 'actor'] as const;

export type Facet = (typeof FACETS)[number];

export interface HistoryQuery {
  /**
   * `time`: everything but what is published each minute; else what has `value`: a type, a repository `host/path`, the
   * full name of a cluster, a person.
   */
  readonly by: { readonly facet: 'time' } | { readonly facet: Facet; readonly value: string };
  /** The first moment that counts, ISO 8601 with milliseconds. */
  readonly since: string;
  /** The place that the answer begins behind, going back: a moment, or the `placeOf` an entry. */
  readonly before: string;
  readonly limit: number;
}

/**
 * Every event that was published, once (docs/adr/0030): only the function `history` writes. Entries stand in order of
 * their time and then of their id, whenever they arrived. Throws `store-unavailable`.
 */
export interface History {
  /** Keeps the entry, unless one with its id is there. Returns whether it was new. */
  add(entry: Entry): Promise<boolean>;
  /** The newest first. */
  list(query: HistoryQuery): Promise<readonly Entry[]>;
  close(): Promise<void>;
}
