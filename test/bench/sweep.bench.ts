import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { readImageEnv } from './process/image-env.ts';
import { startOwnProcess } from './process/own-process.ts';
import { readUsage } from './process/read-usage.ts';
import type { FirestoreAnswer, FirestoreTask } from './sweep/firestore-process.ts';
import { FLEET_NOW, LOOKS_A_MINUTE } from './sweep/shape.ts';
import type { SweepAnswer, SweepTask } from './sweep/sweep-process.ts';

const FLEETS = [10_000, 20_000];
const QUICK = [300];
const SWEEPS = 6;
const MAX_MIB = 256;
const MINUTE_MS = 60_000;

/**
 * Sweeps of large fleets, in a process with the V8 flags of the image, over a double of Firestore in another one: the first
 * after a start, which reads every cluster, and those that follow, between which as many clusters are looked at as the
 * gateway's budget allows.
 */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const clusters of quick ? QUICK : FLEETS) {
    for (const staged of [false, true]) {
      say(`${clusters} clusters, roll-outs ${staged ? 'on' : 'off'}`);
      figures.push(...(await measureFleet(clusters, staged)));
    }
  }
  return figures;
}

async function measureFleet(clusters: number, staged: boolean): Promise<readonly Figure[]> {
  await using parts = new AsyncDisposableStack();
  const firestore = startOwnProcess<FirestoreTask, FirestoreAnswer>(
    new URL('sweep/firestore-process.ts', import.meta.url),
  );
  parts.defer(() => firestore.stop());
  const sweep = startOwnProcess<SweepTask, SweepAnswer>(
    new URL('sweep/sweep-process.ts', import.meta.url),
    await readImageEnv(),
  );
  parts.defer(() => sweep.stop());
  const { port } = await firestore.ask({ fill: clusters });
  const answers: (SweepAnswer & FirestoreAnswer)[] = [];
  for (let at = 0; at < SWEEPS; at += 1) {
    const answer = await sweep.ask({ port, clusters, staged });
    answers.push({ ...answer, ...(await firestore.ask('billed')) });
    const seen = new Date(Date.parse(FLEET_NOW) + (at + 0.5) * MINUTE_MS).toISOString();
    await firestore.ask({ look: LOOKS_A_MINUTE, from: at * LOOKS_A_MINUTE, at: seen });
  }
  const [first, ...others] = answers;
  const { peakMiB } = await readUsage(sweep.pid);
  const name = `${clusters} clusters, roll-outs ${staged ? 'on' : 'off'}`;
  const all = (of: (answer: (typeof answers)[number]) => number): number[] => others.map(of);
  return [
    figureOf({ what: `${name}, first sweep, CPU`, unit: 'ms', ours: [first?.cpuMs ?? 0] }),
    figureOf({ what: `${name}, sweep, CPU`, unit: 'ms', ours: all(({ cpuMs }) => cpuMs) }),
    figureOf({ what: `${name}, first sweep, reads`, unit: '', ours: [first?.reads ?? 0] }),
    figureOf({ what: `${name}, sweep, reads`, unit: '', ours: all(({ reads }) => reads) }),
    figureOf({ what: `${name}, sweep, writes`, unit: '', ours: all(({ writes }) => writes) }),
    figureOf({ what: `${name}, kept, heap`, unit: 'MiB', ours: all(({ heapMiB }) => heapMiB) }),
    figureOf({
      what: `${name}, peak memory`,
      unit: 'MiB',
      ours: [peakMiB],
      budget: { of: 'ours', limit: MAX_MIB },
    }),
  ];
}
