import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { openWorld } from './fan-out/open-world.ts';
import { type Round, runPush } from './fan-out/rounds.ts';
import { buildApp } from './process/build-app.ts';

const FLEET = 1_000;
const FOLLOWERS = 10;
const QUICK = { fleet: 40, followers: 4 };
const FEW = 'configs/few';
const MANY = 'configs/many';
/** What Connect Gateway allows in a minute, and what of that a push may take (docs/config.md). */
const SHARE_A_MINUTE = 1_200;

/**
 * Calls to clusters for one push of an image that a few of many clusters follow: while the store knows nothing, and
 * when it knows. Counts only, so that any machine says the same.
 */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const { fleet, followers } = quick ? QUICK : { fleet: FLEET, followers: FOLLOWERS };
  say('building');
  const app = await buildApp();
  const images = [{ path: FEW, clusters: followers }, { path: MANY }];
  const world = await openWorld({ app, clusters: fleet, images, pubsub: 'embedded' });
  try {
    say('store cold');
    // Nothing else is signed yet, so that only the few can be approved.
    const cold = await runPush(world, FEW, followers);
    say('store warm');
    const warm = await runPush(world, FEW, followers);
    say('the many');
    const all = await runPush(world, MANY, fleet - followers);
    const b = (callsOf(all) - callsOf(warm)) / (fleet - 2 * followers);
    const name = `${followers} of ${fleet} clusters follow`;
    return [
      figureOf({ what: `${name}, store cold, lists`, unit: 'calls', ours: [cold.counts.lists] }),
      figureOf({
        what: `${name}, store cold, patches`,
        unit: 'calls',
        ours: [cold.counts.patches],
      }),
      figureOf({
        what: `${name}, store warm, lists`,
        unit: 'calls',
        ours: [warm.counts.lists],
        budget: { of: 'ours', limit: 2 * followers },
      }),
      figureOf({
        what: `${name}, store warm, patches`,
        unit: 'calls',
        ours: [warm.counts.patches],
        budget: { of: 'ours', limit: followers },
      }),
      figureOf({
        what: 'calls a push = a + b · followers, a',
        unit: 'calls',
        ours: [callsOf(warm) - b * followers],
      }),
      figureOf({ what: 'calls a push = a + b · followers, b', unit: 'calls', ours: [b] }),
      figureOf({
        what: 'followers that the share of a push covers in a minute',
        unit: '',
        ours: [Math.floor(SHARE_A_MINUTE / b)],
      }),
      figureOf({
        what: 'the same, patched without a list',
        unit: '',
        ours: [Math.floor(SHARE_A_MINUTE / 1)],
      }),
    ];
  } finally {
    await world.close();
    await app.remove();
  }
}

function callsOf({ counts }: Round): number {
  return counts.lists + counts.patches + counts.others;
}
