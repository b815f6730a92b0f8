import { describe, expect, it } from 'vitest';
import { type Costs, TO_LIVE_MS } from '#shared/core/rollout/costs.ts';
import type { Fleet, FleetCluster } from '#shared/core/rollout/fleet.ts';
import { imagine } from '#shared/core/rollout/imagine.ts';
import { type RolloutPlan, planRollout } from '#shared/core/rollout/plan.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { createWallClock } from '#shared/core/rollout/windows.ts';
import {
  HOUR,
  MINUTE,
  NOW,
  cluster,
  fleet,
  hours,
  iso,
  live,
  record,
  stage,
  strategy,
  sync,
} from '#test/fixtures/rollout.ts';

/** The sweep's share of the usual quota. */
const CALLS = 600;
const GATE: Costs = { toLiveMs: TO_LIVE_MS.gate, callsPerMinute: CALLS };
const PIN: Costs = { toLiveMs: TO_LIVE_MS.pin, callsPerMinute: CALLS };
const IMAGE = 'registry.example/app:v1';

interface Asked {
  readonly from?: RolloutRecord;
  readonly digest?: string;
  readonly by?: Strategy;
  readonly costs?: Costs;
}

function plan(
  clusters: readonly FleetCluster[] | Fleet,
  { from, digest, by = strategy(), costs = GATE }: Asked = {},
): RolloutPlan {
  const whole = 'clusters' in clusters ? clusters : fleet(...clusters);
  const asked = {
    image: IMAGE,
    ...(from && { record: from }),
    ...(digest !== undefined && { digest }),
  };
  return planRollout(imagine(asked, by, whole, NOW), by, whole, NOW, costs);
}

const many = (ring: string, amount: number): FleetCluster[] =>
  Array.from({ length: amount }, (_, index) =>
    cluster(`${ring}-${String(index).padStart(5, '0')}`, ring),
  );

const THREE = [cluster('c1', 'canary'), cluster('e1', 'early'), cluster('r1', 'rest')];
const COMPLETED = record({ status: 'completed', stage: 'rest', digest: 'C' });

describe('the figures of a plan', () => {
  /** Canary of 1 %, early of 4 %, a quarter of either at once; soaks of one and four hours. */
  const quarter = { maxConcurrency: { percent: 25 } };
  const soaked = (atOnce: number): Strategy =>
    strategy({
      clustersAtOnce: Math.max(300, atOnce),
      stages: [
        stage('canary', { soakMs: HOUR }),
        stage('early', { ...quarter, soakMs: 4 * HOUR }),
        stage('rest', { selects: () => true, maxConcurrency: { clusters: atOnce } }),
      ],
    });

  // The design's table has 352, 504, 378, 347 and 414 minutes: 3 to 5 more for the steps of stages of another shape, and
  // less where approvals are paid from the push's share, beside the looks; here both are paid from the sweep's.
  it.each([
    ['gate', 1_000, 50, 352 - 4, 6_000],
    ['gate', 10_000, 100, 504 - 4, 60_000],
    ['gate', 10_000, 300, 378 - 4 + 16, 60_000],
    ['gate', 10_000, 1_000, 347 - 5 + 48, 60_000],
    // There some are live at the first look: 79,332.
    ['pin', 10_000, 300, 414 - 3 + 16, 80_000],
  ] as const)('of %s, %i clusters, %i at once', (effect, size, atOnce, minutes, calls) => {
    const clusters = [
      ...many('canary', size / 100),
      ...many('early', size / 25),
      ...many('rest', size - size / 100 - size / 25),
    ];
    const costs = effect === 'gate' ? GATE : PIN;
    const found = plan(clusters, { by: soaked(atOnce), costs });
    expect([found.minutes, found.calls]).toEqual([minutes, calls]);
    expect(found.clusters).toBe(size);
  });

  it('counts a patch for each RSync that is not held, and ten looks at most over a soak', () => {
    const syncs = ['a', 'b', 'c'].map((name) =>
      sync({ sync: `RootSync/${name}`, approved: 'C', live: 'C' }),
    );
    const clusters = [cluster('c1', 'canary', {}, { syncs }), cluster('c2', 'canary')];
    const [canary] = plan(clusters).stages;
    expect(canary?.calls).toEqual({ approving: 2 * 2 + 4, watching: 4, soaking: 40 });
    const short = strategy({ stages: [stage('canary', { soakMs: 3 * MINUTE }), stage('rest')] });
    expect(plan(clusters, { by: short }).stages[0]?.calls.soaking).toBe(2 * 2 * 3);
  });
});

describe('the turns of a plan', () => {
  it('has the clusters of each stage in their turns, the first twenty by name', () => {
    const by = strategy({
      stages: [stage('canary', { orderBy: 'order' }), stage('rest', { selects: () => true })],
    });
    const orders = { a: '10', b: '9', c: 'x', d: undefined };
    const canaries = Object.entries(orders).map(([name, order]) =>
      cluster(name, '', {}, { labels: { ring: 'canary', ...(order && { order }) } }),
    );
    const { stages } = plan([...canaries, ...many('rest', 21)], { by });
    expect(stages[0]?.turns).toEqual({ count: 4, first: ['b', 'a', 'c', 'd'] });
    expect([stages[1]?.turns.count, stages[1]?.turns.first.length]).toEqual([21, 20]);
  });

  it('counts apart what is held, out of reach, has it, or does not follow', () => {
    const { stages, clusters } = plan(
      [
        cluster('r1', 'rest'),
        cluster('r2', 'rest', { held: true }),
        cluster('r3', 'rest', live()),
        cluster('r4', 'rest', {}, { syncs: [] }),
        ...many('rest', 10).map((member) => ({ ...member, cluster: `x${member.cluster}` })),
        { ...cluster('r5', 'rest'), reachable: false },
      ],
      { digest: 'D' },
    );
    expect(stages[2]).toMatchObject({
      members: 15,
      size: 13,
      held: 1,
      live: 1,
      unreachable: 1,
    });
    expect([stages[2]?.turns.count, clusters]).toEqual([11, 11]);
  });

  it('makes batches of what may be under way in the stage, and over all roll-outs', () => {
    const by = (maxConcurrency: Strategy['stages'][0]['maxConcurrency']): Strategy =>
      strategy({
        clustersAtOnce: 8,
        stages: [stage('canary'), stage('rest', { selects: () => true, maxConcurrency })],
      });
    const atOnce = (percent: number, elsewhere = 0): unknown => {
      const whole = { ...fleet(cluster('c1', 'canary'), ...many('rest', 10)), elsewhere };
      const [, rest] = plan(whole, { by: by({ percent }) }).stages;
      return [rest?.atOnce, rest?.batches];
    };
    expect(atOnce(25)).toEqual([2, 5]);
    expect(atOnce(100)).toEqual([8, 2]);
    expect(atOnce(100, 5)).toEqual([3, 4]);
  });

  it('names clusters that several stages select, but for the last', () => {
    const by = strategy({
      stages: [
        stage('canary'),
        stage('early', { selects: ({ env }) => env === 'prod' }),
        stage('rest', { selects: () => true }),
      ],
    });
    const both = { labels: { ring: 'canary', env: 'prod' } };
    const { overlaps, stages } = plan([cluster('c1', '', {}, both), cluster('r1', 'rest')], { by });
    expect(overlaps).toEqual({
      count: 1,
      first: [{ cluster: 'c1', stages: ['canary', 'early'] }],
    });
    expect(stages.map(({ size }) => size)).toEqual([1, 0, 1]);
  });
});

describe('the times of a plan', () => {
  it('follow each other: two minutes for a batch, the soak, then the next stage', () => {
    const { stages, endsAt } = plan(THREE);
    const times = stages.map(({ opensAt, liveAt, passesAt }) => [opensAt, liveAt, passesAt]);
    const soaked = HOUR + 2 * MINUTE;
    expect(times).toEqual([
      [iso(0), iso(2 * MINUTE), iso(soaked)],
      [iso(soaked), iso(soaked + 2 * MINUTE), iso(soaked + 2 * MINUTE)],
      [iso(soaked + 2 * MINUTE), iso(soaked + 4 * MINUTE), iso(soaked + 4 * MINUTE)],
    ]);
    expect(endsAt).toBe(iso(soaked + 4 * MINUTE));
  });

  it('waits for windows, between batches too', () => {
    const one = { maxConcurrency: { clusters: 1 } };
    const by = strategy({
      stages: [
        stage('canary'),
        stage('rest', { selects: () => true, windows: [hours(14, 15)], ...one }),
      ],
    });
    const [, rest] = plan([cluster('c1', 'canary'), ...many('rest', 31)], { by }).stages;
    expect(rest).toMatchObject({
      opensAt: iso(2 * HOUR),
      opensOn: 'mon 2026-11-23 14:00 UTC',
      delays: ['window'],
      batches: 31,
      // Thirty fit into the hour; the last one is of the next day.
      liveAt: iso(26 * HOUR + 2 * MINUTE),
    });
  });

  it('waits for freezes that select the one whose turn it is', () => {
    const clock = createWallClock('Europe/Berlin');
    const freeze = { name: 'audit', clock, from: '2026-11-23 00:00', to: '2026-11-25 09:00' };
    const prod = { labels: { env: 'prod' } };
    const members = [cluster('a', ''), cluster('b', '', {}, prod), cluster('c', '')];
    const by = strategy({
      stages: [stage('rest', { selects: () => true })],
      freezes: [{ ...freeze, selects: ({ env }) => env === 'prod' }],
    });
    const [rest] = plan(members, { by }).stages;
    const opening = Date.parse('2026-11-25T08:00:00Z') - NOW.getTime();
    // The last one has its turn after the frozen one.
    expect(rest).toMatchObject({
      opensAt: iso(0),
      batches: 2,
      delays: ['audit'],
      liveAt: iso(opening + 2 * MINUTE),
    });
  });

  it('promises nothing beyond twenty closings of a window', () => {
    const one = { maxConcurrency: { clusters: 1 }, windows: [hours(12, 13)] };
    const by = strategy({ stages: [stage('rest', { selects: () => true, ...one })] });
    const { stages, endsAt } = plan(many('rest', 10_000), { by });
    expect(stages[0]).toMatchObject({ opensAt: iso(0), delays: ['window'] });
    expect([stages[0]?.liveAt, endsAt]).toEqual([undefined, undefined]);
  });

  it('never opens in a freeze without an end', () => {
    const clock = createWallClock('UTC');
    const freeze = { name: 'x', clock, from: '2026-01-01 00:00', to: '9999-01-01 00:00' };
    const by = strategy({ freezes: [{ ...freeze, selects: () => true }] });
    const { stages, endsAt } = plan(THREE, { by });
    expect(stages.map(({ obstacle }) => obstacle)).toEqual(['never-opens', undefined, undefined]);
    expect([stages[1]?.opensAt, endsAt]).toEqual([undefined, undefined]);
  });

  it('of one on its way have what is left of it', () => {
    const from = record({ status: 'soaking', okSince: iso(-20 * MINUTE) });
    const clusters = [cluster('c1', 'canary', live()), ...THREE.slice(1)];
    const { stages, start, clusters: left } = plan(clusters, { from });
    expect([start, left]).toEqual(['under-way', 2]);
    expect(stages.map(({ state }) => state)).toEqual(['open', 'ahead', 'ahead']);
    expect(stages[0]).toMatchObject({ live: 1, passesAt: iso(40 * MINUTE) });
    expect(stages[0]?.calls).toEqual({ approving: 0, watching: 0, soaking: 2 * 6 });
    const rolling = record({ stage: 'early', cursor: { cluster: 'e1' } });
    const going = cluster('e1', 'early', { approved: 'D', approvedAt: iso(-MINUTE) });
    const found = plan([cluster('c1', 'canary', live()), going, cluster('r1', 'rest')], {
      from: rolling,
    });
    expect(found.stages.map(({ state, underWay }) => [state, underWay])).toEqual([
      ['passed', 0],
      ['open', 1],
      ['ahead', 0],
    ]);
    expect(found.endsAt).toBe(iso(4 * MINUTE));
  });
});

describe('what a plan waits for', () => {
  const approval = { approvers: ['lead', 'deputy'], count: 2 };
  const by = strategy({
    stages: [stage('canary', { approval }), stage('rest', { selects: () => true, signedBy: 'qa' })],
  });

  it('names approvals that are missing, and signatures that are', () => {
    const { stages } = plan(THREE, { by });
    expect(stages[0]?.approval).toEqual({ approvers: ['lead', 'deputy'], missing: 2 });
    expect(stages[1]?.signedBy).toBe('qa');
    const given = { stage: 'canary', by: 'lead', at: iso(0) };
    const from = record({ approvals: [given, given] });
    const later = plan({ ...fleet(...THREE), signedBy: ['qa'] }, { by, from });
    expect([later.stages[0]?.approval?.missing, later.stages[1]?.signedBy]).toEqual([1, undefined]);
  });

  it.each<[string, readonly FleetCluster[], Partial<Strategy['stages'][0]>]>([
    ['empty', [], { ifEmpty: 'wait' }],
    ['no-slots', [cluster('c1', 'canary')], { maxConcurrency: { clusters: 0 } }],
    ['unreachable', [{ ...cluster('c1', 'canary'), reachable: false }], {}],
    [
      'no-evidence',
      [{ ...cluster('c1', 'canary'), reachable: false }],
      { maxUnreachable: { percent: 100 } },
    ],
    ['failures', [cluster('c1', 'canary', { ...live(), failing: 'D' })], {}],
  ])('is stopped by %s', (obstacle, canaries, changes) => {
    const from = record();
    const staged = strategy({
      stages: [stage('canary', changes), stage('rest', { selects: () => true })],
    });
    const { stages, endsAt } = plan([...canaries, cluster('r1', 'rest')], { by: staged, from });
    expect([stages[0]?.obstacle, stages[1]?.opensAt, endsAt]).toEqual([
      obstacle,
      undefined,
      undefined,
    ]);
  });

  it('skips a stage without clusters, and ends nowhere without any', () => {
    const { stages, endsAt } = plan(THREE.slice(1));
    expect([stages[0]?.size, stages[0]?.passesAt, stages[1]?.opensAt]).toEqual([0, iso(0), iso(0)]);
    expect(endsAt).toBe(iso(4 * MINUTE));
    expect(plan([]).endsAt).toBeUndefined();
  });
});

describe('what is planned', () => {
  it.each<[string, Asked, Partial<RolloutPlan>]>([
    ['the next push', { from: COMPLETED }, { start: 'now', previous: 'C' }],
    ['a digest', { from: COMPLETED, digest: 'D' }, { start: 'now', digest: 'D', previous: 'C' }],
    ['one on its way', { from: record() }, { start: 'under-way', digest: 'D', previous: 'C' }],
    ['the next one', { from: record(), digest: 'E' }, { start: 'now', digest: 'E', previous: 'C' }],
    [
      'one behind another',
      { from: record(), digest: 'E', by: strategy({ onNewer: 'queue' }) },
      { start: 'queued', digest: 'E' },
    ],
    [
      'one that is paused',
      { from: record({ status: 'paused' }) },
      { start: 'person', digest: 'D' },
    ],
    [
      'one under a pause',
      { from: record({ status: 'paused' }), digest: 'E' },
      { start: 'person', digest: 'E' },
    ],
    [
      'one that a halt lets through',
      { from: record({ status: 'halted' }), digest: 'E' },
      { start: 'now', digest: 'E' },
    ],
    [
      'one that was rolled back',
      { from: record({ ...COMPLETED, rejected: ['D'] }), digest: 'D' },
      { start: 'rejected', digest: 'D' },
    ],
    [
      'one behind a way back',
      { from: record({ kind: 'rollback', status: 'rolling-back', digest: 'C' }) },
      { start: 'queued' },
    ],
    [
      'one after a retired record',
      { from: record({ status: 'retired' }) },
      { start: 'now', previous: 'C' },
    ],
    ['the first', {}, { start: 'now', previous: 'C' }],
    ['what is live everywhere', { digest: 'C' }, { start: 'under-way', digest: 'C', clusters: 0 }],
  ])('is %s', (_, asked, expected) => {
    const found = plan(THREE, asked);
    expect(found).toMatchObject(expected);
    expect(found.digest).toBe(expected.digest);
  });

  it('is an adoption first where several digests are live, and no receipt says otherwise', () => {
    const mixed = [...THREE, cluster('r2', 'rest', live('B'))];
    expect(plan(mixed)).toMatchObject({ start: 'adoption', clusters: 4 });
    const receipt = {
      id: 'r0',
      kind: 'forward',
      digest: 'B',
      rejected: [],
      startedAt: iso(-HOUR),
      resolvedAt: iso(-HOUR),
    } as const;
    const known = [...THREE, cluster('r2', 'rest', { ...live('B'), receipt })];
    expect(plan(known).start).toBe('now');
    const unseen = { cluster: 'r9', labels: {}, reachable: true };
    expect(plan([...THREE, unseen]).start).toBe('adoption');
  });

  it('moves on the way back only what has the rejected digest', () => {
    const from = record({
      kind: 'rollback',
      status: 'rolling-back',
      stage: 'early',
      digest: 'C',
      rejected: ['D'],
    });
    const clusters = [cluster('c1', 'canary', live()), cluster('r1', 'rest', live('B'))];
    const found = plan(clusters, { from, digest: 'C' });
    expect([found.start, found.clusters]).toEqual(['under-way', 1]);
  });
});
