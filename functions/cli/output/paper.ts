/** What a screen is drawn on. */
export interface Paper {
  /** Columns of the terminal; `Infinity` elsewhere, where nothing is cut. */
  readonly columns: number;
  /** Every column, and nothing shortened. */
  readonly wide: boolean;
  /** What times are relative to. */
  readonly now: Date;
}
