import { describe, expect, it } from 'vitest';
import { advance, checksToAsk } from '#shared/core/rollout/advance.ts';
import type { CheckOutcome, CheckState, Evidence } from '#shared/core/rollout/checks.ts';
import { command } from '#shared/core/rollout/command.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { check, evidence } from '#test/fixtures/checks.ts';
import {
  ACTOR,
  HOUR,
  MINUTE,
  NOW,
  at,
  cluster,
  fleet,
  iso,
  live,
  record,
  stage,
  strategy,
  typesOf,
} from '#test/fixtures/rollout.ts';

const canary = cluster('c1', 'canary', live());
const rest = cluster('r1', 'rest');
const checked = (
  changes: Partial<Strategy> = {},
  ...more: Parameters<typeof stage>[1][]
): Strategy =>
  strategy({
    stages: [
      stage('canary', { soakMs: HOUR, checks: [check('errors')], ...more[0] }),
      stage('rest', { selects: () => true, ...more[1] }),
    ],
    ...changes,
  });
const SOAKED = { status: 'soaking', okSince: iso(-HOUR) } as const;
const since = (ms: number, outcome: CheckOutcome = 'met', name = 'errors'): CheckState => ({
  name,
  outcome,
  since: iso(ms),
});
const MET = evidence({ errors: 'met' });
const FAILED = evidence({ errors: 'failed' });
const UNKNOWN = evidence({ errors: 'unknown' });

function go(
  from: Partial<RolloutRecord>,
  found: Evidence | undefined,
  { by = checked(), now = NOW, clusters = [canary, rest] } = {},
) {
  const known = { ...fleet(...clusters), ...(found && { evidence: found }) };
  const change = advance(record(from), by, known, now);
  expect(advance(change.record, by, known, now).record).toBe(change.record);
  return { ...change.record, types: typesOf(change), notices: change.notices };
}

describe('a stage with checks', () => {
  it('is passed where they were met for long enough', () => {
    const next = go({ ...SOAKED, checks: [since(-10 * MINUTE)] }, MET);
    expect(next).toMatchObject({ stage: 'rest', types: ['stage.passed', 'stage.opened'] });
    expect(next.checks).toBeUndefined();
  });

  it('waits, and says which, where they were not', () => {
    const next = go({ ...SOAKED, checks: [since(1 - 10 * MINUTE)] }, MET);
    expect(next).toMatchObject({
      ...SOAKED,
      stage: 'canary',
      cause: 'evidence',
      types: ['waiting'],
    });
    expect(next.notices[0]).toMatchObject({ cause: 'evidence', checks: ['errors'] });
    expect(go({ ...SOAKED, ...next, version: 7 }, MET).types).toEqual([]);
  });

  it('waits for all of them', () => {
    const by = checked({}, { checks: [check('errors'), check('latency')] });
    const checks = [since(-HOUR), since(-HOUR, 'met', 'latency')];
    expect(
      go({ ...SOAKED, checks }, evidence({ errors: 'met', latency: 'met' }), { by }).stage,
    ).toBe('rest');
    const next = go({ ...SOAKED, checks }, evidence({ errors: 'met', latency: 'failed' }), { by });
    expect(next).toMatchObject({ stage: 'canary', notices: [{ checks: ['latency'] }] });
  });

  it.each([
    ['bad', FAILED, 'failed'],
    ['not to be had', UNKNOWN, 'unknown'],
    ['of none of its checks', evidence({}), 'unknown'],
  ] as const)('begins anew with an answer that is %s', (_, found, outcome) => {
    const next = go({ ...SOAKED, checks: [since(-HOUR)] }, found);
    expect(next).toMatchObject({
      stage: 'canary',
      checks: [since(0, outcome)],
      stuckSince: iso(0),
    });
    const again = go({ ...SOAKED, ...next }, MET, { now: at(MINUTE) });
    expect(again).toMatchObject({ stage: 'canary', checks: [since(MINUTE)] });
    expect(again.stuckSince).toBeUndefined();
  });

  it('says nothing of its checks while it soaks', () => {
    const next = go({ status: 'soaking', okSince: iso(1 - HOUR), checks: [since(-HOUR)] }, MET);
    expect(next).toMatchObject({ status: 'soaking', version: 7, types: [] });
    expect(next.cause).toBeUndefined();
  });

  it.each([
    ['was not asked', undefined],
    ['is of another stage', evidence({ errors: 'met' }, { stage: 'rest' })],
    ['is of another roll-out', evidence({ errors: 'met' }, { id: 'r0' })],
  ])('stays as it is where its evidence %s', (_, found) => {
    const from = { ...SOAKED, checks: [since(-HOUR)] };
    expect(go(from, found)).toMatchObject({ ...from, version: 7, types: [] });
    const awaiting = { ...from, status: 'awaiting-approval', cause: 'approval' } as const;
    expect(go(awaiting, found)).toMatchObject({ ...awaiting, version: 7, types: [] });
  });

  it('begins its soak all the same', () => {
    expect(go({}, undefined)).toMatchObject({ status: 'soaking', okSince: iso(0) });
  });

  it('does not take its evidence for that of the next stage', () => {
    const by = checked({}, {}, { checks: [check('errors', { forMs: 0 })] });
    const from = { ...SOAKED, checks: [since(-HOUR)] };
    const clusters = [canary, cluster('r1', 'rest', live())];
    const next = go(from, MET, { by, clusters });
    expect(next).toMatchObject({ stage: 'rest', status: 'soaking', okSince: iso(0) });
    expect(next.checks).toBeUndefined();
    const later = { by, clusters, now: at(HOUR) };
    expect(go(next, evidence({ errors: 'met' }, { stage: 'rest' }), later).status).toBe(
      'completed',
    );
  });

  it('forgets what they came to where a cluster is not well any more', () => {
    const busy = cluster('c2', 'canary', { approved: 'D', approvedAt: iso(-MINUTE) });
    const next = go({ ...SOAKED, checks: [since(-HOUR)] }, MET, { clusters: [canary, busy, rest] });
    expect(next.status).toBe('rolling');
    expect(next.checks).toBeUndefined();
  });

  it('needs them while an approval is awaited, and after it', () => {
    const approval = { approvers: ['lead'], count: 1 };
    const by = checked({}, { approval });
    const from = { ...SOAKED, checks: [since(-HOUR)] };
    const waiting = go(from, MET, { by });
    expect(waiting).toMatchObject({ status: 'awaiting-approval', types: ['waiting'] });
    const approvals = [{ stage: 'canary', by: 'lead', at: iso(0) }];
    const bad = go({ ...waiting, approvals }, FAILED, { by });
    expect(bad).toMatchObject({ stage: 'canary', status: 'soaking', cause: 'evidence' });
    expect(go({ ...waiting, approvals }, MET, { by }).stage).toBe('rest');
  });

  it('says a wait for evidence again after a day', () => {
    const from = {
      ...SOAKED,
      cause: 'evidence',
      saidAt: iso(-24 * HOUR),
      checks: [since(-1)],
    } as const;
    expect(go(from, MET).notices).toMatchObject([{ type: 'waiting', overdue: true }]);
  });

  it('is not passed while a part of the fleet is missing', () => {
    const known = { ...fleet(canary, rest), evidence: MET, partial: true as const };
    const from = record({ ...SOAKED, checks: [since(-HOUR)] });
    expect(advance(from, checked(), known, NOW).record.stage).toBe('canary');
  });

  it('is skipped without evidence where it has no cluster', () => {
    expect(go({}, undefined, { clusters: [rest] })).toMatchObject({
      stage: 'rest',
      types: ['stage.skipped', 'stage.opened'],
    });
  });

  it('forgets what they came to where the config has them no more', () => {
    const from = { ...SOAKED, okSince: iso(0), checks: [since(-HOUR)] };
    expect(go(from, undefined, { by: strategy() }).checks).toBeUndefined();
    const approval = { approvers: ['lead'], count: 1 };
    const by = strategy({ stages: [stage('canary', { approval }), stage('rest')] });
    expect(go(from, undefined, { by }).checks).toBeUndefined();
  });
});

describe('bad evidence', () => {
  const BAD = { ...SOAKED, stuckSince: iso(-30 * MINUTE), checks: [since(-30 * MINUTE, 'failed')] };

  it('halts after the deadline, and shows what it was', () => {
    const next = go(BAD, FAILED);
    expect(next).toMatchObject({ status: 'halted', cause: 'evidence', types: ['halted'] });
    expect(next.notices[0]?.checks).toEqual(['errors']);
    expect(next.checks).toEqual(BAD.checks);
  });

  it('halts during the soak, too', () => {
    expect(go({ ...BAD, okSince: iso(-30 * MINUTE) }, FAILED).status).toBe('halted');
  });

  it('does not halt before', () => {
    const from = { ...BAD, checks: [since(1 - 30 * MINUTE, 'failed')] };
    expect(go(from, FAILED)).toMatchObject({ status: 'soaking', cause: 'evidence' });
  });

  it('halts after the time of the check where that is another', () => {
    const by = checked({}, { checks: [check('errors', { failAfterMs: 5 * MINUTE })] });
    const from = { ...BAD, stuckSince: iso(-MINUTE), checks: [since(-5 * MINUTE, 'failed')] };
    expect(go(from, FAILED, { by }).status).toBe('halted');
    const patient = checked({}, { checks: [check('errors', { failAfterMs: 2 * HOUR })] });
    expect(go({ ...BAD, stuckSince: iso(-HOUR) }, FAILED, { by: patient }).status).toBe('soaking');
  });

  it('takes the digest back where that is asked', () => {
    const next = go(BAD, FAILED, { by: checked({ onFailure: 'rollback' }) });
    expect(next).toMatchObject({
      status: 'rolling-back',
      cause: 'evidence',
      digest: 'C',
      rejected: ['D'],
    });
    expect(next.notices).toMatchObject([{ type: 'rolling-back', checks: ['errors'] }]);
    expect(next.checks).toBeUndefined();
  });

  it('begins anew once a person resumes', () => {
    const halted = record({ ...BAD, status: 'halted', cause: 'evidence' });
    const outcome = command(halted, { do: 'resume', ignore: [] }, ACTOR, checked(), NOW);
    if ('refused' in outcome) throw new Error(outcome.refused);
    expect(go(outcome.record, FAILED)).toMatchObject({
      status: 'soaking',
      checks: [since(0, 'failed')],
    });
  });
});

describe('evidence that is not to be had', () => {
  const NONE = { ...SOAKED, stuckSince: iso(-30 * MINUTE), checks: [since(-HOUR, 'unknown')] };

  it('halts after the deadline, and takes nothing back', () => {
    const by = checked({ onFailure: 'rollback' });
    expect(go({ ...NONE, stuckSince: iso(-30 * MINUTE - 1) }, UNKNOWN, { by })).toMatchObject({
      status: 'halted',
      cause: 'evidence',
      digest: 'D',
    });
  });

  it('does not halt before', () => {
    expect(go(NONE, UNKNOWN).status).toBe('soaking');
  });

  it('halts where one check or the other is missing all the time', () => {
    const by = checked({}, { checks: [check('errors'), check('latency')] });
    const checks = [since(-MINUTE, 'unknown'), since(-MINUTE, 'met', 'latency')];
    const found = evidence({ errors: 'met', latency: 'unknown' });
    const from = { ...NONE, stuckSince: iso(-30 * MINUTE - 1), checks };
    expect(go(from, found, { by })).toMatchObject({
      status: 'halted',
      notices: [{ checks: ['latency'] }],
    });
  });
});

describe('checks to ask', () => {
  it.each([
    ['soaks', SOAKED, 1],
    ['awaits an approval', { ...SOAKED, status: 'awaiting-approval' as const }, 1],
    ['is not satisfied', {}, undefined],
    ['has halted', { ...SOAKED, status: 'halted' as const }, undefined],
    ['has gone back', { ...SOAKED, status: 'rolling-back' as const }, undefined],
    ['is in a stage without any', { ...SOAKED, stage: 'rest' }, undefined],
    ['is in a stage that is gone', { ...SOAKED, stage: 'gone' }, undefined],
  ])('of what %s', (_, from, count) => {
    expect(checksToAsk(record(from), checked())?.length).toBe(count);
  });
});
