import { measureColdWork } from './fan-out/cold-work.ts';
import { measureSize } from './fan-out/measure-size.ts';
import { measureOnEmulator } from './fan-out/on-emulator.ts';
import type { BenchContext } from './frame/bench.ts';
import type { Figure } from './frame/figure.ts';
import { buildApp } from './process/build-app.ts';

const LATENCIES_MS = [0, 20, 100];

/** Runs of each latency: a large fleet takes a minute for one, and is its own average. */
const SIZES = [
  { clusters: 1, runs: 9, latenciesMs: LATENCIES_MS },
  { clusters: 100, runs: 5, latenciesMs: LATENCIES_MS },
  { clusters: 1_000, runs: 5, latenciesMs: LATENCIES_MS },
  { clusters: 10_000, runs: 1, latenciesMs: [20] },
];
const QUICK_SIZES = [{ clusters: 10, runs: 1, latenciesMs: LATENCIES_MS }];

/**
 * From a push's event to the last approval, through the real functions as processes: push, Pub/Sub, cluster, and the
 * gateway with injected latency and failures, its quota off. Beside them what the same calls cost without us.
 */
export async function bench(context: BenchContext): Promise<readonly Figure[]> {
  const { say, quick } = context;
  say('building');
  const app = await buildApp();
  try {
    const figures: Figure[] = [];
    for (const size of quick ? QUICK_SIZES : SIZES) {
      figures.push(...(await measureSize(app, size, context)));
    }
    figures.push(...(await measureColdWork(app, context)));
    if (!quick) figures.push(...(await measureOnEmulator(app, context)));
    return figures;
  } finally {
    await app.remove();
  }
}
