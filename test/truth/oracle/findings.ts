/** How a report differs from the truth. */
export type Fault = 'false' | 'missed' | 'doubled' | 'shown';

export interface Finding {
  readonly fault: Fault;
  /** In words. */
  readonly what: string;
  /** Milliseconds of the world's clock. */
  readonly at: number;
}

/** What a history was made of. */
export interface Figures {
  /** Troubles that lasted longer than their grace. */
  episodes: number;
  /** Of these, reported. */
  reported: number;
  /** Of these, over and reported to be. */
  closed: number;
  /** Everything that was shown at a quiet moment and compared with the truth. */
  compared: number;
}
