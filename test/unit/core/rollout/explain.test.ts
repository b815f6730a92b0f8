import { describe, expect, it } from 'vitest';
import type { FoundHold } from '#shared/core/annotations.ts';
import type { Admission } from '#shared/core/rollout/admits.ts';
import { type RolloutExplanation, explainRollout } from '#shared/core/rollout/explain.ts';
import type { RolloutStep } from '#shared/core/rollout/explain-steps.ts';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
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
} from '#test/fixtures/rollout.ts';

const APPROVERS = ['lead', 'deputy', 'starter'];
const BY = strategy({
  stages: [
    stage('canary', { soakMs: HOUR }),
    stage('early', {
      soakMs: 4 * HOUR,
      orderBy: 'order',
      maxConcurrency: { clusters: 2 },
      maxFailures: { clusters: 1 },
      maxUnreachable: { clusters: 1 },
      approval: { approvers: APPROVERS, count: 2 },
    }),
    stage('rest', { selects: () => true }),
  ],
});
const SHUT = strategy({
  stages: [
    stage('canary', { soakMs: HOUR }),
    stage('rest', { selects: () => true, signedBy: 'qa', windows: [hours(14, 15)] }),
  ],
});

const going = { approved: 'D', approvedAt: iso(-MINUTE) };
const failed = { ...live(), failing: 'D' };
const early = (name: string, order: string, changes = {}): FleetCluster =>
  cluster(name, '', changes, { labels: { ring: 'early', order } });
const CANARY = cluster('c1', 'canary', live());
const REST = [cluster('r1', 'rest'), cluster('r2', 'rest')];
const FLEET = [
  CANARY,
  early('e1', '1', live()),
  early('e2', '2', going),
  early('e3', '3', going),
  early('e4', '4'),
  early('e5', '10'),
  ...REST,
];
const WELL = [CANARY, early('e1', '1', live()), early('e2', '2', live()), ...REST];
const BAD = [CANARY, early('e1', '1', failed), early('e2', '2', failed), early('e3', '3'), ...REST];

const cursor = { by: 'order', value: '3', cluster: 'e3' };
const EARLY = record({ stage: 'early', startedBy: 'starter', cursor });
const SOAKING = record({ ...EARLY, status: 'soaking', okSince: iso(-2 * HOUR) });
const AWAITING = record({ ...EARLY, status: 'awaiting-approval', cause: 'approval' });
const BACK = record({ kind: 'rollback', digest: 'C', rejected: ['D'], status: 'rolling-back' });

function stopped(status: 'paused' | 'aborted', did: string): RolloutRecord {
  const history = [{ by: 'ops', reason: 'INC-7', did, at: iso(-HOUR) }];
  return record({ ...EARLY, status, cause: 'person', history });
}

interface Asked {
  readonly by?: typeof BY;
  readonly admission?: Admission;
  readonly hold?: FoundHold;
}

function explain(
  of: RolloutRecord | undefined,
  name: string,
  clusters: readonly FleetCluster[] = FLEET,
  { by = BY, ...more }: Asked = {},
): RolloutExplanation & {
  readonly stepOf: (step: RolloutStep['step']) => RolloutStep | undefined;
} {
  const known = clusters.find((one) => one.cluster === name);
  const [sync] = known?.syncs ?? [];
  if (known === undefined || sync === undefined) throw new Error(`No RSync in ${name}`);
  const explained = explainRollout(
    of,
    by,
    fleet(...clusters),
    { cluster: { ...known }, sync, ...more },
    NOW,
  );
  return { ...explained, stepOf: (step) => explained.steps.find((one) => one.step === step) };
}

const LATER = 'Waits for the record of its roll-out, which the next sweep begins';

describe('what an RSync waits for', () => {
  it.each<[string, RolloutRecord | undefined, string, readonly FleetCluster[], string | undefined]>(
    [
      ['without a record', undefined, 'r1', FLEET, LATER],
      ['retired', record({ status: 'retired' }), 'r1', FLEET, LATER],
      [
        'rolling, in a stage that is ahead',
        EARLY,
        'r1',
        FLEET,
        'Waits for stage "rest": early has 1 of 5 clusters live',
      ],
      [
        'rolling, in the stage that is open',
        EARLY,
        'e5',
        FLEET,
        'Waits for its turn in stage "early": Place 2 of 2, by label order = 10',
      ],
      [
        'rolling, let in',
        record({ ...EARLY, cursor: { ...cursor, value: '4', cluster: 'e4' } }),
        'e4',
        FLEET,
        'Let in to D: the next look at its cluster approves it',
      ],
      ['rolling, under way', EARLY, 'e2', FLEET, undefined],
      ['rolling, in a stage that was passed', EARLY, 'c1', FLEET, undefined],
      [
        'rolling, without any cluster',
        record({ cause: 'empty' }),
        'r1',
        REST,
        'Waits for stage "rest": canary waits for its first cluster',
      ],
      ['soaking', SOAKING, 'r1', WELL, 'Waits for stage "rest": early has soaked 2 h of 4 h'],
      [
        'awaiting approval',
        AWAITING,
        'r1',
        WELL,
        'Waits for stage "rest": Stage "early" needs 2 approvals, by lead, deputy',
      ],
      [
        'awaiting a signature',
        record({ ...EARLY, status: 'awaiting-approval', cause: 'signature' }),
        'r1',
        WELL,
        'Waits for stage "rest": early waits for the signature that the next stage asks for',
      ],
      [
        'awaiting a window',
        record({ ...EARLY, status: 'awaiting-window', cause: 'window' }),
        'r1',
        WELL,
        'Waits for stage "rest": early waits for a window',
      ],
      [
        'paused by a person',
        stopped('paused', 'pause'),
        'e4',
        FLEET,
        'Waits: its roll-out is paused by ops (INC-7), until a person resumes it',
      ],
      [
        'paused, for its record was lost',
        record({ status: 'paused', cause: 'record-lost' }),
        'e4',
        FLEET,
        'Waits: its roll-out is paused, for its record was lost, until a person resumes it',
      ],
      [
        'halted',
        record({ ...EARLY, status: 'halted', cause: 'failures' }),
        'e3',
        BAD,
        'Waits: its roll-out has halted, early: 2 of at most 1 failed, 0 of at most 1 out of reach; resume it, roll it back, or push a newer digest',
      ],
      [
        'aborted',
        stopped('aborted', 'abort'),
        'r1',
        FLEET,
        'Waits for a newer digest: its roll-out was aborted by ops (INC-7)',
      ],
      [
        'rolling back, what has it',
        BACK,
        'c1',
        FLEET,
        'Let in to C: the next look at its cluster approves it',
      ],
      [
        'rolling back, what has something else',
        BACK,
        'r1',
        [CANARY, cluster('r1', 'rest', live('B'))],
        'Stays as it is: others are taken back to C, and it does not have what was rolled back',
      ],
      ['rolled back', record({ ...BACK, status: 'rolled-back' }), 'r1', FLEET, undefined],
      [
        'completed, a straggler',
        record({ status: 'completed', stage: 'rest' }),
        'r1',
        FLEET,
        'Let in to D: the next look at its cluster approves it',
      ],
      [
        'rejected',
        record({ rejected: ['D'] }),
        'r1',
        FLEET,
        'Waits: D was rolled back; push another digest, or have a person retry it',
      ],
    ],
  )('follows from the record: %s', (_, of, name, clusters, waits) => {
    expect(explain(of, name, clusters).waits).toBe(waits);
  });

  it('is the rest of the fleet, where that cannot be listed', () => {
    const [r1] = REST;
    const [sync] = r1?.syncs ?? [];
    if (r1 === undefined || sync === undefined) throw new Error('It has an RSync');
    const partial = { ...fleet(...WELL), partial: true } as const;
    expect(explainRollout(SOAKING, BY, partial, { cluster: r1, sync }, NOW).waits).toContain(
      'a part of the fleet cannot be listed',
    );
  });

  it('is its stage first, where its window is shut as well', () => {
    const clusters = [CANARY, ...REST];
    const soaking = record({ status: 'soaking', okSince: iso(-30 * MINUTE) });
    expect(explain(soaking, 'r1', clusters, { by: SHUT }).waits).toBe(
      'Waits for stage "rest": canary has soaked 30 min of 1 h; then for its window, which opens mon 2026-11-23 14:00 UTC, in 2 h',
    );
    const open = record({ stage: 'rest', status: 'awaiting-window' });
    expect(explain(open, 'r1', clusters, { by: SHUT }).waits).toBe(
      'Waits for a window of stage "rest", which opens mon 2026-11-23 14:00 UTC, in 2 h',
    );
  });

  it('is what a look found: a signature, or another roll-out of the same digest', () => {
    const open = record({ status: 'completed' });
    const signature = { admission: { allowed: false, why: 'signature' } } as const;
    const always = strategy({ stages: [stage('rest', { selects: () => true, signedBy: 'qa' })] });
    expect(explain(open, 'r1', FLEET, { by: always, ...signature }).waits).toBe(
      'Waits for a signature: D does not meet trust policy qa of stage "rest"',
    );
    const other = { admission: { allowed: false, why: 'stage' } } as const;
    expect(explain(open, 'r1', FLEET, other).waits).toMatch(/^Waits: another roll-out .* about D /);
  });
});

describe('the steps', () => {
  it('are seven, in order, and one without a record', () => {
    const names = ['stage', 'position', 'hold', 'freeze', 'window', 'approvers', 'limit'];
    expect(explain(EARLY, 'r1').steps.map(({ step }) => step)).toEqual(names);
    expect(explain(undefined, 'r1').steps).toMatchObject([{ step: 'stage', outcome: 'wait' }]);
  });

  it.each([
    ['c1', 'ok', 'In stage "canary", 1 of 3, open'],
    ['e4', 'ok', `In stage "early", 2 of 3, open since ${EARLY.openedAt}`],
    ['r1', 'wait', 'In stage "rest", 3 of 3, which opens after "early"'],
  ])('have the stage of %s', (name, outcome, finding) => {
    const step = explain(EARLY, name).stepOf('stage');
    expect(step).toMatchObject({ outcome, finding });
    expect(step?.details[0]).toContain('early: 1 of 5 live, 2 under way');
  });

  it.each([
    ['e4', 'wait', 'Place 1 of 2, by label order = 4'],
    ['e5', 'wait', 'Place 2 of 2, by label order = 10'],
    ['r2', 'wait', 'Place 2 of 2, by name'],
    ['e2', 'ok', 'Let in, and not live yet'],
    ['c1', 'ok', 'Let in, and live'],
  ])('have the place of %s', (name, outcome, finding) => {
    expect(explain(EARLY, name).stepOf('position')).toMatchObject({ outcome, finding });
  });

  it('have how many go at once, and one without the label last', () => {
    const last = cluster('e0', 'early');
    const step = explain(EARLY, 'e0', [...FLEET, last]).stepOf('position');
    expect(step?.finding).toBe('Place 3 of 3, by label order, which it does not have');
    expect(step?.details).toEqual(['2 of 6 clusters at once, 2 under way']);
    const lost = { ...early('e9', '9'), reachable: false };
    expect(explain(EARLY, 'e9', [...FLEET, lost]).stepOf('position')?.outcome).toBe('ok');
    expect(explain(EARLY, 'e1', BAD).stepOf('position')?.outcome).toBe('bad');
  });

  it.each<[string, string | undefined, string, string]>([
    [iso(HOUR), 'ops', 'wait', `Held by ops, until ${iso(HOUR)}: INC-7`],
    [iso(-HOUR), 'ops', 'wait', `Held by ops, meant until ${iso(-HOUR)}, which is past: INC-7`],
    ['', undefined, 'wait', 'Held, by a text that cannot be read'],
  ])('have a hold until "%s" by %s', (until, by, outcome, finding) => {
    const facts = by === undefined ? {} : { facts: { until, by, reason: 'INC-7' } };
    const hold: FoundHold = { text: 'as it stands', ...facts };
    const clusters = [...FLEET, early('e9', '9', { held: true })];
    const { stepOf, waits } = explain(EARLY, 'e9', clusters, { hold });
    expect(stepOf('hold')).toMatchObject({ outcome, finding });
    expect(stepOf('position')?.finding).toBe('Takes no turn while it is held');
    expect(waits).toBe(`Waits: ${finding}`);
  });

  it('have a hold that holds nothing back, and none', () => {
    const clusters = [...FLEET, early('e9', '9', { ...live(), held: true })];
    const hold: FoundHold = { text: '- ops why' };
    const held = explain(EARLY, 'e9', clusters, { hold });
    expect(held.stepOf('hold')).toMatchObject({
      outcome: 'ok',
      details: ['As it stands: - ops why'],
    });
    expect(held.waits).toBeUndefined();
    expect(explain(EARLY, 'e4').stepOf('hold')).toMatchObject({ outcome: 'ok', details: [] });
  });

  const clock = createWallClock('Europe/Berlin');
  const freeze = { name: 'year-end', clock, from: '2026-11-20 00:00', selects: () => true };

  it('have the window, which a freeze puts off', () => {
    expect(explain(EARLY, 'r1').stepOf('window')).toMatchObject({ outcome: 'ok' });
    const of = (to: string): RolloutStep | undefined =>
      explain(record(), 'r1', FLEET, {
        by: { ...SHUT, freezes: [{ ...freeze, to }] },
      }).stepOf('window');
    const at = (finding: string) => ({ outcome: 'wait', finding });
    expect(of('2026-11-20 00:00')).toMatchObject(at('Opens mon 2026-11-23 14:00 UTC, in 2 h'));
    expect(of('2026-12-01 08:00')).toMatchObject(at('Opens tue 2026-12-01 14:00 UTC, in 8 days'));
    expect(of('9999-01-01 00:00')).toMatchObject({ outcome: 'bad' });
  });

  it('have who can approve: not the starter, nor who has', () => {
    expect(explain(EARLY, 'c1').stepOf('approvers')).toMatchObject({ outcome: 'ok', details: [] });
    expect(explain(SOAKING, 'r1', WELL).stepOf('approvers')).toMatchObject({
      outcome: 'ok',
      details: ['Stage "early" needs 2 approvals, by lead, deputy'],
    });
    const approvals = [{ stage: 'early', by: 'lead', at: iso(0) }];
    expect(explain({ ...AWAITING, approvals }, 'r1', WELL).stepOf('approvers')).toMatchObject({
      outcome: 'wait',
      details: ['Stage "early" needs 1 approval, by deputy'],
    });
    const other = { ...AWAITING, approvals, startedBy: 'deputy' };
    const left = strategy({
      stages: [
        stage('early', { approval: { approvers: ['lead', 'deputy'], count: 2 } }),
        stage('rest', { selects: () => true }),
      ],
    });
    expect(explain(other, 'r1', WELL, { by: left }).stepOf('approvers')?.details).toEqual([
      'Stage "early" needs 1 approval, and no approver is left who may',
    ]);
    const signed = explain(record(), 'r1', FLEET, { by: SHUT }).stepOf('approvers');
    expect(signed?.details).toEqual(['Stage "rest" opens by trust policy qa']);
  });

  it('have the limits of the newest stage, or of those that are over them', () => {
    expect(explain(EARLY, 'r1').stepOf('limit')).toMatchObject({
      outcome: 'ok',
      finding: 'early: 0 of at most 1 failed, 0 of at most 1 out of reach',
      details: [],
    });
    expect(explain(EARLY, 'r1', BAD).stepOf('limit')).toMatchObject({
      outcome: 'bad',
      finding: 'early: 2 of at most 1 failed, 0 of at most 1 out of reach',
      details: ['e1, e2'],
    });
    const dark = { ...cluster('c2', 'canary'), reachable: false };
    expect(explain(EARLY, 'r1', [...FLEET, dark]).stepOf('limit')).toMatchObject({
      outcome: 'bad',
      finding: 'canary: 0 of at most 0 failed, 1 of at most 0 out of reach',
    });
  });
});
