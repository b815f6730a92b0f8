import { describe, expect, it } from 'vitest';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { createWallClock } from '#shared/core/rollout/windows.ts';
import { GATE, PIN, THREE, many, plan } from '#test/fixtures/plan.ts';
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

  it('promises nothing beyond forty waits, of all its stages', () => {
    const one = { maxConcurrency: { clusters: 1 }, windows: [hours(12, 13)] };
    const rest = stage('rest', { selects: () => true, ...one });
    const by = strategy({ stages: [stage('canary', one), stage('early', one), rest] });
    // Thirty fit into an hour: two weeks for each stage.
    const clusters = ['canary', 'early', 'rest'].flatMap((ring) => many(ring, 14 * 30));
    const { stages, endsAt } = plan(clusters, { by });
    const DAY = 24 * HOUR;
    expect(stages.map(({ opensAt, liveAt }) => [opensAt, liveAt])).toEqual([
      [iso(0), iso(13 * DAY + HOUR)],
      [iso(14 * DAY), iso(27 * DAY + HOUR)],
      [iso(28 * DAY), undefined],
    ]);
    expect([stages[2]?.obstacle, endsAt]).toEqual([undefined, undefined]);
  });

  it('never opens in a freeze without an end', () => {
    const clock = createWallClock('UTC');
    const freeze = { name: 'x', clock, from: '2026-01-01 00:00', to: '9999-01-01 00:00' };
    const by = strategy({ freezes: [{ ...freeze, selects: () => true }] });
    const { stages, endsAt } = plan(THREE, { by });
    expect(stages.map(({ obstacle }) => obstacle)).toEqual(['never-opens', undefined, undefined]);
    const person = { by: 'ops@acme.example', reason: 'INC-7' };
    const held = strategy({ freezes: [{ ...freeze, selects: () => true, person }] });
    expect(plan(THREE, { by: held }).stages[0]?.obstacle).toBe('frozen');
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

  it('is stopped by a part of the fleet that cannot be listed', () => {
    const partial = { ...fleet(...THREE), partial: true } as const;
    const { stages, start, endsAt } = plan(partial, { from: record({ stage: 'early' }) });
    expect(stages.map(({ obstacle }) => obstacle)).toEqual([undefined, 'partial', 'partial']);
    expect([start, endsAt]).toEqual(['under-way', undefined]);
    expect(plan(partial).start).toBe('adoption');
  });

  it('skips a stage without clusters, and ends nowhere without any', () => {
    const { stages, endsAt } = plan(THREE.slice(1));
    expect([stages[0]?.size, stages[0]?.passesAt, stages[1]?.opensAt]).toEqual([0, iso(0), iso(0)]);
    expect(endsAt).toBe(iso(4 * MINUTE));
    expect(plan([]).endsAt).toBeUndefined();
  });
});
