import { loadavg } from 'node:os';
import type { Bench, BenchContext } from './bench.ts';
import type { Figure } from './figure.ts';

export interface BenchResult {
  readonly name: string;
  /** Load of the machine over the last minute, before and after: above its cores, times say little. */
  readonly load: readonly [before: number, after: number];
  readonly seconds: number;
  readonly figures: readonly Figure[];
}

/** One benchmark after the other. */
export async function* runBenches(
  benches: readonly { readonly name: string; readonly bench: Bench }[],
  { say, quick }: BenchContext,
): AsyncGenerator<BenchResult> {
  for (const { name, bench } of benches) {
    const [before = 0] = loadavg();
    const began = performance.now();
    const figures = await bench({ say: (text) => say(`${name}: ${text}`), quick });
    const [after = 0] = loadavg();
    const seconds = Math.round((performance.now() - began) / 1000);
    yield { name, load: [before, after], seconds, figures };
  }
}
