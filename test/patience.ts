import { spawnSync } from 'node:child_process';

/** What an empty Node takes to start and end on the machine on which these limits were chosen, with nothing beside it. */
const QUIET_START_MS = 40;
const STARTS = 5;
/** A machine that is busier than this finishes nothing in a time that is worth waiting for. */
const MAX_FACTOR = 20;
const VARIABLE = 'COUNTERSIGN_TEST_FACTOR';

/** How many times slower than that machine this one is now. Measured once for a run: its workers inherit the figure. */
const FACTOR = Number((process.env[VARIABLE] ??= String(measureFactor())));

function measureFactor(): number {
  const began = performance.now();
  for (let start = 0; start < STARTS; start += 1) spawnSync(process.execPath, ['-e', '']);
  const factor = (performance.now() - began) / STARTS / QUIET_START_MS;
  return Math.min(MAX_FACTOR, Math.max(1, factor));
}

/**
 * So many milliseconds of a quiet machine, as this one needs them. Only for what ends a test that hangs: whether one
 * passes never depends on how fast it was. Generous, for what makes it busy may come after it was measured.
 */
export function patiently(quietMs: number): number {
  return Math.ceil(quietMs * FACTOR);
}

/** For one test, and for one hook. */
export const TEST_LIMIT_MS = patiently(400_000);

/** For `vi.waitFor` and `vi.waitUntil`: over before the test is, so that what did not come is reported. */
export const PATIENCE = { timeout: Math.ceil(TEST_LIMIT_MS * 0.8), interval: 20 } as const;

/** The same, where each look costs a program or many calls. */
export const SELDOM = { ...PATIENCE, interval: 300 } as const;

/** The deadline of a call that is answered, however busy the machine is. */
export const ANSWERED_MS = patiently(300_000);
