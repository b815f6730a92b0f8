import { NO_TROUBLES } from '#shared/overview/present-row.ts';
import { createTally } from '#shared/overview/tally-fleet.ts';
import { createApiWorld } from '#test/fixtures/api-world.ts';
import { hugeFleet } from '#test/fixtures/huge-fleet.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';

const FLEET = 10_000;
const QUICK = 200;
const VIEWS = 20;
const COUNTS = 5;
/** Of one view: milliseconds of CPU, and kB. */
const MAX_VIEW_MS = 200;
const MAX_VIEW_KB = 100;

/**
 * The first view of a large fleet, from the count that a sweep has noted, read anew each time; and that count, which each
 * sweep makes once over the records that it has read.
 */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const clusters = quick ? QUICK : FLEET;
  const { records, labels } = hugeFleet(clusters);
  const all = [...records()];
  const world = createApiWorld();
  const now = world.deps.now();
  const counts: number[] = [];
  say(`counting ${clusters} clusters`);
  for (let at = 0; at < COUNTS; at += 1) {
    counts.push(
      await cpuOf(async () => {
        const tally = createTally({ troubles: NO_TROUBLES, labels, now });
        for (const record of all) tally.add(record);
        await world.deps.store.writeNote('tally', 'fleet', tally.done());
      }),
    );
  }
  say('looking');
  const views: number[] = [];
  let bytes = 0;
  for (let at = 0; at < VIEWS; at += 1) {
    // Past what is remembered, and what a caller may spend.
    world.pass(60_000);
    views.push(
      await cpuOf(async () => {
        bytes = Buffer.byteLength(await (await world.get('/', 'text/html')).text());
      }),
    );
  }
  const name = `${clusters} clusters`;
  const viewed = { of: 'ours', limit: MAX_VIEW_MS } as const;
  return [
    figureOf({ what: `${name}, first view, CPU`, unit: 'ms', ours: views, budget: viewed }),
    figureOf({
      what: `${name}, first view`,
      unit: 'kB',
      ours: [bytes / 1000],
      budget: { of: 'ours', limit: MAX_VIEW_KB },
    }),
    figureOf({ what: `${name}, one count by a sweep, CPU`, unit: 'ms', ours: counts }),
  ];
}

/** Milliseconds of CPU that `run` takes. */
async function cpuOf(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
