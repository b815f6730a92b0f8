import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { benchDecisions } from './rollouts/decisions.ts';
import { type FleetPlan, SOAK_MINUTES, runFleet } from './rollouts/fleet-run.ts';

const SIZES = [1_000, 10_000];
const PLANS: readonly FleetPlan[] = [
  { clusters: 1_000, atOnce: 50, effect: 'pin' },
  { clusters: 10_000, atOnce: 300, effect: 'pin' },
];
const QUICK_SIZES = [20];
const QUICK_PLANS: readonly FleetPlan[] = [{ clusters: 120, atOnce: 20, effect: 'pin' }];

/** What roll-outs in stages cost: the decisions themselves, and a whole roll-out over a fleet. */
export async function bench({ say, quick }: BenchContext): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const clusters of quick ? QUICK_SIZES : SIZES) {
    say(`decisions, ${clusters} clusters`);
    figures.push(...(await benchDecisions(clusters)));
  }
  for (const plan of quick ? QUICK_PLANS : PLANS) figures.push(...(await benchFleet(plan, say)));
  return figures;
}

async function benchFleet(plan: FleetPlan, say: (text: string) => void): Promise<Figure[]> {
  const { minutes, calls, patches, peak, records, tasks, sweepMs } = await runFleet(plan, say);
  const { clusters, atOnce, effect } = plan;
  const of = `${clusters} clusters, ${atOnce} at once, ${effect}`;
  const soaks = SOAK_MINUTES.canary + SOAK_MINUTES.early;
  const one = (what: string, unit: Figure['unit'], value: number): Figure =>
    figureOf({ what: `${of}, ${what}`, unit, ours: [value] });
  return [
    one('minutes', '', minutes),
    one('minutes beside the soaks', '', minutes - soaks),
    one('calls, base sweep included', 'calls', calls),
    one('patches a cluster', 'calls', patches / clusters),
    one('calls in the busiest minute', 'calls', peak),
    one('tasks a cluster', '', tasks / clusters),
    one('writes of the record', '', records.writes),
    one('reads of records a cluster', '', records.reads / clusters),
    one('largest record', 'kB', records.bytes / 1_000),
    figureOf({ what: `${of}, one sweep`, unit: 'ms', ours: sweepMs }),
  ];
}
