import type { Figure } from './figure.ts';

/** What a benchmark is given; each `NAME.bench.ts` exports `bench`. */
export interface BenchContext {
  /** Shows people what is being done. */
  readonly say: (text: string) => void;
  /** Sizes that show that the benchmark works, and say nothing about speed. */
  readonly quick: boolean;
}

export type Bench = (context: BenchContext) => Promise<readonly Figure[]>;
