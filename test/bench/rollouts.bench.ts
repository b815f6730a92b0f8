import type { BenchContext } from './frame/bench.ts';
import type { Figure } from './frame/figure.ts';
import { benchDecisions } from './rollouts/decisions.ts';

const SIZES = [1_000, 10_000];
const QUICK_SIZES = [20];

/** What the decisions of roll-outs in stages cost. */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const clusters of quick ? QUICK_SIZES : SIZES) {
    say(`decisions, ${clusters} clusters`);
    figures.push(...(await benchDecisions(clusters)));
  }
  return figures;
}
