import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { A, B, C } from '#test/fixtures/digests.ts';
import {
  type Calls,
  PERIOD_MINUTES,
  type StagedFleet,
  startStagedFleet,
} from '#test/fixtures/staged-fleet.ts';

/**
 * As many as show what each stage costs: the calls grow with them, and so does the time of this test.
 * `COUNTERSIGN_FLEET=200 npm exec -- vitest run test/service/staged-fleet` asks it of 200; it takes multiples of 20.
 */
const CLUSTERS = Number(process.env['COUNTERSIGN_FLEET'] ?? 40);
const RINGS = { canary: CLUSTERS / 20, early: CLUSTERS / 5, rest: (CLUSTERS * 3) / 4 };
const LEAD = 'lead@acme.example';
const OPS = 'ops@acme.example';
const SOAK_MINUTES = 20;
/** At each of its clusters while a stage soaks. */
const LOOKS = 10;
/** The world begins at six on a Sunday. */
const OPENS = { from: '09:00', to: '20:00' };
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const ROLLOUTS = {
  windows: { day: { timeZone: 'UTC', weekly: [{ days: DAYS, ...OPENS }] } },
  strategies: {
    fleet: {
      stages: [
        {
          name: 'canary',
          clusters: 'ring = canary',
          maxConcurrency: '100%',
          soak: `${SOAK_MINUTES}m`,
        },
        {
          name: 'early',
          clusters: 'ring = early',
          maxConcurrency: '50%',
          approval: { approvers: [LEAD] },
        },
        { name: 'rest', maxConcurrency: (RINGS.rest * 2) / 5, windows: 'day' },
      ],
    },
  },
};
/** What sweeps cost where nothing is to do: each cluster is looked at once in each period. */
const BASE: Calls = { lists: 2 * CLUSTERS, patches: 0 };

describe(`a roll-out in three stages over ${CLUSTERS} clusters`, () => {
  let fleet: StagedFleet;
  const cost: Record<string, Calls> = {};
  const seen: Record<string, readonly number[]> = {};

  function note(name: string, digest = B): void {
    seen[name] = Object.keys(RINGS).map((ring) => fleet.on(ring, digest).length);
  }

  beforeAll(async () => {
    fleet = await startStagedFleet({ rings: RINGS, rollouts: ROLLOUTS, live: A });
    await fleet.until('completed', 5);
    await fleet.minutes(PERIOD_MINUTES);
    cost['before'] = await fleet.minutes(PERIOD_MINUTES);
    await fleet.push(B);
    cost['canary'] = await fleet.until('soaking', 5);
    note('soaking');
    cost['soaking'] = await fleet.minutes(PERIOD_MINUTES);
    await fleet.decide({ do: 'pause' }, OPS);
    await fleet.push(C);
    cost['paused'] = await fleet.minutes(PERIOD_MINUTES);
    note('paused', C);
    await fleet.push(B);
    await fleet.decide({ do: 'resume', ignore: [] }, OPS);
    await fleet.until('awaiting-approval', 60);
    cost['awaiting approval'] = await fleet.minutes(PERIOD_MINUTES);
    note('awaiting approval');
    await fleet.decide({ do: 'approve', stage: 'early' }, LEAD);
    await fleet.until('awaiting-window', 5);
    cost['awaiting window'] = await fleet.minutes(PERIOD_MINUTES);
    note('awaiting window');
    cost['rest'] = await fleet.until('completed', 120);
    note('completed');
  });

  afterAll(() => fleet?.close());

  it('comes to its end, one stage after the other', () => {
    const { canary, early, rest } = RINGS;
    expect(seen).toEqual({
      soaking: [canary, 0, 0],
      paused: [0, 0, 0],
      'awaiting approval': [canary, early, 0],
      'awaiting window': [canary, early, 0],
      completed: [canary, early, rest],
    });
  });

  it.each(['before', 'paused', 'awaiting approval', 'awaiting window'])(
    'costs what sweeps cost without it, and nothing more: %s',
    (name) => {
      expect(cost[name]).toEqual(BASE);
    },
  );

  it('costs the looks at the stage that soaks, and nothing more, while it soaks', () => {
    const looks = (PERIOD_MINUTES / SOAK_MINUTES) * LOOKS;
    const { lists = 0, patches } = cost['soaking'] ?? {};
    expect(patches).toBe(0);
    expect(lists).toBeGreaterThan(BASE.lists);
    expect(lists).toBeLessThanOrEqual(BASE.lists + 2 * RINGS.canary * Math.ceil(looks));
  });
});
