import { describe, expect, it } from 'vitest';
import { admits } from '#shared/core/rollout/admits.ts';
import { fc } from '#test/fixtures/fast-check.ts';
import { MINUTE } from '#test/fixtures/rollout.ts';
import { Oracle } from '#test/fixtures/rollout-oracle.ts';
import { type Actual, type Manner, ORDER, QA, RINGS, World } from '#test/fixtures/rollout-world.ts';

type Act = (world: World, oracle: Oracle, n: number, actual: Actual) => void;

/** What can happen, with how often it does. */
const ACTIONS: Readonly<Record<string, readonly [number, Act]>> = {
  cycle: [110, (world) => world.cycle()],
  push: [4, (world) => world.push()],
  redeliver: [1, (world) => world.notify(world.named, true)],
  retag: [
    2,
    (world, _, n) => {
      world.named = Math.max(0, world.serial - (n % 3));
      world.notify(world.named, true);
    },
  ],
  regress: [1, (_, __, ___, actual) => void (actual.failing = actual.live)],
  late: [1, (world, _, n) => world.notify(Math.max(0, world.serial - 1 - (n % 3)), false)],
  sweep: [3, (world) => world.sweep()],
  crash: [1, (world) => world.sweep(false, world.record, true)],
  'two sweeps': [
    1,
    (world) => {
      const base = world.record;
      world.sweep();
      if (base !== undefined) world.sweep(false, base);
      if (base !== undefined && world.record !== undefined && world.record.id === base.id) {
        expect(world.record.version - base.version, '12').toBeLessThanOrEqual(1);
      }
    },
  ],
  task: [
    6,
    (world, _, n) => {
      const [name] = world.tasks.splice(n % Math.max(1, world.tasks.length), 1);
      if (name !== undefined) world.work(name);
    },
  ],
  forged: [2, (world, _, __, { name }) => world.work(name)],
  'forged for all': [1, (world) => [...world.clusters.keys()].forEach((name) => world.work(name))],
  'tasks lost': [1, (world) => void (world.tasks = [])],
  tick: [3, (world, _, n) => void (world.now += (1 + (n % 90)) * MINUTE)],
  pull: [3, (world) => world.pull()],
  look: [1, (world) => world.look()],
  offline: [1, (_, __, ___, actual) => void (actual.online = false)],
  online: [
    3,
    (_, oracle, __, actual) => {
      if (!actual.online) oracle.slack += 1;
      actual.online = true;
    },
  ],
  break: [1, (world, _, __, actual) => void actual.broken.add(world.tag)],
  heal: [
    3,
    (_, oracle, __, actual) => {
      actual.broken.clear();
      Object.assign(actual, { failing: undefined, stuck: false });
      oracle.slack += 1;
    },
  ],
  stuck: [1, (_, __, ___, actual) => void (actual.stuck = true)],
  relabel: [
    1,
    (world, oracle, n, actual) => {
      actual.ring = RINGS[n % RINGS.length] ?? 'rest';
      oracle.slack += 1;
      const { approved, name, held } = actual;
      if (approved === undefined || approved !== world.record?.digest) return;
      if (world.record.status === 'retired') return;
      const candidate = { cluster: name, labels: world.labelsOf(actual), held, approved };
      const { allowed } = admits(world.record, world.by, candidate, new Date(world.now));
      expect(allowed || world.record.rejected.includes(approved), '20').toBe(true);
    },
  ],
  join: [
    1,
    (world, oracle, n) => {
      world.join(RINGS[n % RINGS.length] ?? 'rest');
      oracle.slack += 1;
    },
  ],
  leave: [
    1,
    (world, oracle, _, { name }) => {
      if (world.clusters.size <= 3) return;
      world.clusters.delete(name);
      world.rows.delete(name);
      oracle.slack += 1;
    },
  ],
  hold: [1, (_, __, ___, actual) => void (actual.held = true)],
  unhold: [
    2,
    (_, oracle, __, actual) => {
      actual.held = false;
      oracle.slack += 1;
    },
  ],
  freeze: [1, (world, _, __, { ring }) => void world.frozen.add(ring)],
  unfreeze: [3, (world) => world.frozen.clear()],
  pause: [1, (world) => world.command({ do: 'pause' })],
  resume: [6, (world) => resume(world)],
  abort: [1, (world) => world.command({ do: 'abort' })],
  rollback: [1, (world) => world.command({ do: 'rollback', id: `b${(world.ids += 1)}` })],
  retry: [1, (world) => world.command({ do: 'retry', id: `t${(world.ids += 1)}` }, 'other')],
  approve: [14, (world) => world.command({ do: 'approve', stage: 'early' }, 'lead')],
  sign: [14, (world) => void world.signed.add(world.record?.digest ?? '')],
  promote: [1, (world, _, n) => promote(world, n)],
  start: [
    1,
    (world, _, n) => {
      world.clock += 1000;
      const arrival = world.arrival(n % (world.serial + 1), world.clock);
      const other = arrival.digest === world.tag ? {} : { passedOver: world.tag };
      world.command({ do: 'start', arrival, ...other });
    },
  ],
  'record lost': [1, (_, oracle) => oracle.loseRecord()],
  'store lost': [1, (world) => void (world.rows = new Map())],
  'strategy away': [1, (world) => void (world.staged = false)],
  'strategy back': [
    3,
    (world, oracle) => {
      // What was let in comes back at once, whatever it was given without a strategy.
      if (!world.staged) oracle.slack += world.clusters.size;
      world.staged = true;
    },
  ],
};

/** What checks answer, where there are any. */
const ANSWERS: typeof ACTIONS = {
  'bad answer': [2, (world) => void (world.answer = 'failed')],
  'no answer': [2, (world) => void (world.answer = 'unknown')],
  'not asked': [2, (world) => void (world.answer = undefined)],
  'good answer': [6, (world) => void (world.answer = 'met')],
};

/** Up to any stage, and past anything that may be gone past. */
function promote(world: World, n: number): void {
  const stage = ORDER[n % 4];
  const signedBy = world.signed.has(world.record?.digest ?? '') ? [QA] : [];
  const windows = n % 5 < 2 && { windows: true as const };
  const held = n % 7 < 3 && { held: true as const };
  world.command(
    { do: 'promote', signedBy, ...(stage && { stage }), ...windows, ...held },
    'oncall',
  );
}

function resume(world: World): void {
  const ignore = [...world.clusters.values()]
    .filter(({ failing, online }) => failing !== undefined || !online)
    .map(({ name }) => name);
  world.command({ do: 'resume', ignore });
}

function historyOf(actions: typeof ACTIONS) {
  const names = Object.entries(actions).map(([name, [weight]]) => ({
    weight,
    arbitrary: fc.constant(name),
  }));
  const action = fc.record({ does: fc.oneof(...names), n: fc.nat(1000) });
  return fc.array(action, { maxLength: 200, size: 'max' });
}
const size = fc.integer({ min: 3, max: 14 });
/**
 * Histories of one manner, to which a quarter as many are added that are followed to their end. `npm test` draws 1,275
 * in all four manners, `test/e2e/rollout-histories` 20,400. `COUNTERSIGN_RUNS=49000 npm exec -- vitest run
 * test/unit/core/rollout` draws ten times as many, and makes a failure small.
 */
export const HISTORIES = { short: 306, long: 4_900 };
const asked = process.env['COUNTERSIGN_RUNS'];
const drawn = (numRuns: number): { numRuns: number; endOnFailure: boolean } => ({
  numRuns,
  // To make it small takes minutes.
  endOnFailure: asked === undefined,
});

const HAPPENS_ALWAYS = [
  'stage.passed',
  'completed',
  'halted',
  'rolled-back',
  'interrupted',
  'retired',
  'waiting',
  'promoted',
];
const HAPPENS = {
  checked: [...HAPPENS_ALWAYS, 'superseded', 'rolling-back'],
  replace: [...HAPPENS_ALWAYS, 'superseded'],
  queue: HAPPENS_ALWAYS,
  rollback: [...HAPPENS_ALWAYS, 'superseded', 'rolling-back'],
};

function run(
  manner: Manner,
  clusters: number,
  acts: readonly { readonly does: string; readonly n: number }[],
): { world: World; oracle: Oracle } {
  const oracle = new Oracle();
  const world = new World(manner, clusters, oracle);
  oracle.world = world;
  for (const { does, n } of acts) {
    const names = [...world.clusters.keys()];
    const actual = world.clusters.get(names[n % names.length] ?? '');
    if (actual !== undefined) (ACTIONS[does] ?? ANSWERS[does])?.[1](world, oracle, n, actual);
  }
  return { world, oracle };
}

/** The invariants of roll-outs over random histories, in a test file for each manner: files run at the same time. */
export function simulate(manner: Manner, histories = HISTORIES.short): void {
  const all = Number(asked ?? histories);
  // Each look of these asks the evidence as well.
  const runs = Math.ceil(manner === 'checked' ? all / 3 : all);
  const actions = manner === 'checked' ? { ...ACTIONS, ...ANSWERS } : ACTIONS;
  const history = historyOf(actions);
  describe(`any history, in the manner of ${manner}`, () => {
    it('keeps invariants 1 to 12, 14, 15, 15b, 17, 18, 20 and 21', () => {
      const seen = new Map<string, number>();
      fc.assert(
        fc.property(size, history, (clusters, acts) => {
          const { oracle } = run(manner, clusters, acts);
          for (const [type, count] of oracle.seen) seen.set(type, (seen.get(type) ?? 0) + count);
        }),
        drawn(runs),
      );
      // A simulation in which something never happens shows nothing about it.
      const never = HAPPENS[manner].filter((type) => !seen.has(type));
      expect(all < 500 ? [] : never).toEqual([]);
    }, 3_600_000);

    it('ends with the newest digest live everywhere, once all is well (13), and then costs nothing (19)', () => {
      fc.assert(
        fc.property(size, history, (clusters, acts) => {
          const { world, oracle } = run(manner, clusters, acts);
          for (const actual of world.clusters.values()) {
            Object.assign(actual, { online: true, failing: undefined, stuck: false, held: false });
            actual.broken.clear();
          }
          oracle.released = true;
          world.frozen.clear();
          world.staged = true;
          world.answer = 'met';
          world.cycle();
          world.push();
          for (let turns = 0; !isDone(world); turns += 1) {
            expect(turns, `still ${JSON.stringify(world.record)}`).toBeLessThan(900);
            world.cycle();
            if (world.record?.status === 'aborted') world.push();
            if (['paused', 'halted'].includes(world.record?.status ?? '')) resume(world);
            world.command({ do: 'approve', stage: 'early' }, 'lead');
            world.signed.add(world.record?.digest ?? '');
          }
          world.cycle();
          expect(world.snapshot().filter((row) => world.isUnsettled(row))).toEqual([]);
        }),
        drawn(Math.ceil(runs / 4)),
      );
    }, 3_600_000);
  });
}

function isDone({ record, clusters, tag }: World): boolean {
  const done = record?.status === 'completed' && record.next === undefined && record.digest === tag;
  return done && [...clusters.values()].every(({ live }) => live === tag);
}
