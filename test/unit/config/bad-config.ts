import type { ProblemKind } from '#shared/config/problem.ts';

/** One mistake in a good config. */
export interface BadConfig {
  readonly base: string;
  /** Stands once in the base. */
  readonly before: string;
  /** What it becomes; `«` marks the place that is to be reported. */
  readonly after: string;
  readonly path: string;
  readonly kind: ProblemKind;
}

/** The mistake without its base. */
export type Row = readonly [before: string, after: string, path: string, kind: ProblemKind];

/** The mistakes of `rows`, made in `base`. */
export function rowsOf(base: string, rows: readonly Row[]): BadConfig[] {
  return rows.map(([before, after, path, kind]) => ({ base, before, after, path, kind }));
}
