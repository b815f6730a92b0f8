import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import type { App } from '../process/build-app.ts';
import { PATH } from './measure-size.ts';
import { type World, openWorld } from './open-world.ts';
import { runPush } from './rounds.ts';

/** Google's emulator pushes a few messages at a time; beyond this it is all that would be measured. */
const SIZES = [1, 100, 1_000];
const RUNS = 3;

/** The same pushes through Google's emulator, where it is installed. */
export async function measureOnEmulator(
  app: App,
  { say }: BenchContext,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const clusters of SIZES) {
    say(`Google's emulator, ${clusters} clusters`);
    const world = await openOnEmulator(app, clusters);
    if (world === undefined) return figures;
    try {
      await runPush(world, PATH, clusters);
      await world.gateway({ latencyMs: 20 });
      const ours: number[] = [];
      for (let run = 0; run < RUNS; run += 1) ours.push((await runPush(world, PATH, clusters)).ms);
      figures.push(
        figureOf({ what: `${clusters} clusters, 20 ms, on Google's emulator`, unit: 'ms', ours }),
      );
    } finally {
      await world.close();
    }
  }
  return figures;
}

async function openOnEmulator(app: App, clusters: number): Promise<World | undefined> {
  try {
    return await openWorld({ app, clusters, images: [{ path: PATH }], pubsub: 'google' });
  } catch (error) {
    process.stderr.write(`Not measured on Google's emulator: ${String(error)}\n`);
    return undefined;
  }
}
