/** What people need to know of one type, beside its schema. */
export interface TypeNote {
  /** Completes "published when". */
  readonly when: string;
  /** Where the severity is not that of the type. */
  readonly severity?: string;
  /** What to do about it; for a failure, what ends it. */
  readonly next: string;
}
