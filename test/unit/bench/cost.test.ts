import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { limitsOf } from '#test/bench/cost/limits.ts';
import { type Fleet, billOf, loadOf } from '#test/bench/cost/model.ts';
import { costPage } from '#test/bench/cost/page.ts';
import { PRICES } from '#test/bench/cost/prices.ts';
import { MEASURED, QUOTAS, SIMULATED } from '#test/bench/cost/scenarios.ts';

const FLEET: Fleet = {
  clusters: 1_000,
  pushesADay: 100,
  followersShare: 0.1,
  sweepMinutes: 15,
  syncs: 1,
  images: 20,
};
const LARGE: Fleet = { ...FLEET, clusters: 20_000 };

describe('the model of the bill', () => {
  it('reckons with what operations cost on Firestore', () => {
    const { tasks, looks, reads, writes } = loadOf(FLEET, MEASURED, QUOTAS);
    expect([tasks, looks]).toEqual([10_000, 96_000]);
    // One write each; four of each push and three of each sweep.
    expect(writes).toBe(106_000 + 100 * 4 + 1_440 * 3);
    // One read each, two for each image in each sweep, what a sweep reads again, and the rest of pushes and sweeps.
    const again = 106_000 * (1 + 5 / 60);
    const others = 100 * (64 + 1 + 6) + 1_440 * (1 + 8) + 96 * 64 + 6 * 1_000;
    expect(reads).toBeCloseTo(106_000 + 2 * 1_440 * 20 + again + others);
  });

  it('reads nothing for each cluster of each sweep', () => {
    const idle = { ...LARGE, pushesADay: 0 };
    const { reads, looks } = loadOf(idle, MEASURED, QUOTAS);
    expect(reads).toBeLessThan(5 * looks);
  });

  it('stretches the sweep where its calls do not suffice', () => {
    expect(loadOf(FLEET, MEASURED, QUOTAS).sweepMinutes).toBe(15);
    expect(loadOf(LARGE, MEASURED, QUOTAS).sweepMinutes).toBeCloseTo(66.7, 1);
    const raised = { ...QUOTAS, gatewayCalls: 24_000 };
    expect(loadOf(LARGE, MEASURED, raised).sweepMinutes).toBe(15);
  });

  it('adds up', () => {
    const { total, ...parts } = billOf(FLEET, MEASURED, PRICES, QUOTAS).dollarsADay;
    expect(total).toBeCloseTo(Object.values(parts).reduce((sum, part) => sum + part, 0));
  });

  it('keeps the store of 20,000 clusters within half of what it cost', () => {
    const busy = { ...LARGE, pushesADay: 1_000 };
    expect(billOf(busy, MEASURED, PRICES, QUOTAS).dollarsADay.firestore).toBeLessThan(13.73 / 2);
  });
});

describe('limitsOf()', () => {
  const [many, , few] = SIMULATED;
  const reached = (simulated = many): readonly string[] =>
    simulated === undefined
      ? []
      : limitsOf(simulated).flatMap(({ name, use }) => (use > 1 ? [name] : []));

  it('finds the gateway first, and its sweep alone where few follow a push', () => {
    expect(reached()).toEqual(['gateway: pushes', 'gateway: sweep in 15 minutes']);
    expect(reached(few)).toEqual(['gateway: sweep in 15 minutes']);
  });

  it('gives each fleet its own quota', () => {
    if (many === undefined) throw new Error('There is no scenario');
    const [one] = limitsOf({ ...many, fleets: 50 });
    const [five] = limitsOf(many);
    expect((five?.use ?? 0) / (one?.use ?? 1)).toBeCloseTo(10);
  });
});

it('docs/performance.md has the tables of the model', () => {
  const page = readFileSync('docs/performance.md', 'utf8');
  expect(costPage(page)).toBe(page);
});
