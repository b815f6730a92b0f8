import { type Fleet, type Measured, type Prices, type Quotas, billOf } from './cost/model.ts';
import { type Figure, figureOf } from './frame/figure.ts';

/** Every number here is a parameter: put in those of your fleet. */
const FLEETS: readonly Fleet[] = [10, 1_000, 20_000].map((clusters) => ({
  clusters,
  pushesADay: 1_000,
  followersShare: 0.1,
  sweepMinutes: 15,
}));

/** Of docs/performance.md. */
const MEASURED: Measured = { taskCpuMs: 2, emptyTaskCpuMs: 1, pushCpuMs: 50, fanOutCpuMs: 0.4 };

/** List prices as remembered in November 2026, not looked up: to be checked before they are relied on. */
const PRICES: Prices = {
  vcpuSecond: 0.000_024,
  gibSecond: 0.000_002_5,
  requestMillion: 0.4,
  pubsubTib: 40,
  firestoreReads100k: 0.03,
  firestoreWrites100k: 0.09,
  logGib: 0.5,
};

const QUOTAS: Quotas = { gatewayCalls: 2_400, pushShare: 1 / 2, sweepShare: 1 / 4 };

/** What fleets cost in a day on Google Cloud, by the model of docs/performance.md; nothing is measured here. */
export async function bench(): Promise<readonly Figure[]> {
  return FLEETS.flatMap((fleet) => {
    const bill = billOf(fleet, MEASURED, PRICES, QUOTAS);
    const of = `${fleet.clusters} clusters, ${fleet.pushesADay} pushes a day`;
    const one = (what: string, unit: Figure['unit'], value: number): Figure =>
      figureOf({ what: `${of}, ${what}`, unit, ours: [value] });
    return [
      one('gateway calls a minute', 'calls', bill.gatewayCallsAMinute),
      one('minutes a push', '', bill.minutesAPush),
      one('minutes a sweep', '', bill.sweepMinutes),
      ...Object.entries(bill.dollarsADay).map(([name, value]) => one(`${name} a day`, '$', value)),
    ];
  });
}
