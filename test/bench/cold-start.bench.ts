import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLD_CONFIG } from './cold-start/cold-config.ts';
import { timeImports } from './cold-start/time-imports.ts';
import { SAME_PACKAGES, timeStarts } from './cold-start/time-starts.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { buildApp } from './process/build-app.ts';

/** From the start of a process to its first 200, what that loads, and how large it is. */
export async function bench(context: BenchContext): Promise<readonly Figure[]> {
  const { say } = context;
  say('building');
  const app = await buildApp({ [SAME_PACKAGES]: './test/bench/cold-start/same-packages/main.ts' });
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  try {
    const config = join(dir, 'countersign.yaml');
    await writeFile(config, COLD_CONFIG);
    const starts = await timeStarts(app, config, context);
    const functions = app.bundles.filter(({ name }) => name !== SAME_PACKAGES);
    const sizes = functions.flatMap(({ name, startBytes, lazyBytes }) => [
      figureOf({ what: `${name}, parsed at start`, unit: 'kB', ours: [startBytes / 1000] }),
      figureOf({ what: `${name}, lazy`, unit: 'kB', ours: [lazyBytes / 1000] }),
    ]);
    return [...starts, ...sizes, ...(await timeImports(context))];
  } finally {
    await rm(dir, { recursive: true, force: true });
    await app.remove();
  }
}
