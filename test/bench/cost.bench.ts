import { limitsOf } from './cost/limits.ts';
import { billOf } from './cost/model.ts';
import { PRICES } from './cost/prices.ts';
import { FLEETS, MEASURED, QUOTAS, SIMULATED } from './cost/scenarios.ts';
import { type Figure, figureOf } from './frame/figure.ts';

/** Half of what the same load cost before (docs/adr/0046-what-firestore-bills.md). */
const MAX_FIRESTORE = 6.9;

/** What fleets cost in a day on Google Cloud, and which limit they reach, by the model of docs/performance.md; nothing is measured here. */
export async function bench(): Promise<readonly Figure[]> {
  const bills = FLEETS.flatMap((fleet) => {
    const bill = billOf(fleet, MEASURED, PRICES, QUOTAS);
    const of = `${fleet.clusters} clusters, ${fleet.pushesADay} pushes a day`;
    const one = (what: string, unit: Figure['unit'], value: number): Figure =>
      figureOf({
        what: `${of}, ${what}`,
        unit,
        ours: [value],
        ...(what === 'firestore a day' && { budget: { of: 'ours', limit: MAX_FIRESTORE } }),
      });
    return [
      one('gateway calls a minute', 'calls', bill.gatewayCallsAMinute),
      one('minutes a push', '', bill.minutesAPush),
      one('minutes a sweep', '', bill.sweepMinutes),
      one('reads a day', '', bill.reads),
      one('writes a day', '', bill.writes),
      ...Object.entries(bill.dollarsADay).map(([name, value]) => one(`${name} a day`, '$', value)),
    ];
  });
  const limits = SIMULATED.flatMap((simulated) => {
    const { fleets, clusters, pushesADay, followersShare } = simulated;
    const of = `${clusters} clusters in ${fleets} fleets, ${pushesADay} pushes a day to ${clusters * followersShare}`;
    return limitsOf(simulated).map(({ name, use }) =>
      figureOf({ what: `${of}, ${name}`, unit: '', ours: [use] }),
    );
  });
  return [...bills, ...limits];
}
