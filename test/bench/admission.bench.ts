import { openAdmissionWorld } from './admission/open-world.ts';
import { type Kind, measureKind } from './admission/measure-kind.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { buildApp } from './process/build-app.ts';
import { readUsage } from './process/read-usage.ts';

const KINDS: readonly Kind[] = ['unchanged', 'seen', 'unseen', 'unseen, 20 ms away'];

/** Reviews over TLS, one process asked by another, in turn with a bare HTTPS server that parses the same body. */
export async function bench(context: BenchContext): Promise<readonly Figure[]> {
  context.say('building');
  const app = await buildApp();
  const world = await openAdmissionWorld(app, context);
  try {
    const figures: Figure[] = [];
    for (const kind of KINDS) figures.push(...(await measureKind(world, kind, context)));
    await world.closeRegistry();
    figures.push(...(await measureKind(world, 'registry down', context)));
    const { peakMiB } = await readUsage(world.admission.pid);
    const bare = await readUsage(world.bare.pid);
    const floor = { name: 'the bare server', samples: [bare.peakMiB] };
    figures.push(figureOf({ what: 'peak memory', unit: 'MiB', ours: [peakMiB], floor }));
    return figures;
  } finally {
    await world.close();
    await app.remove();
  }
}
