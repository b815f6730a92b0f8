import { describe, expect, it } from 'vitest';
import { admits } from '#shared/core/rollout/admits.ts';
import { advance } from '#shared/core/rollout/advance.ts';
import { arrive } from '#shared/core/rollout/arrive.ts';
import type { Refusal } from '#shared/core/rollout/by-person.ts';
import { command } from '#shared/core/rollout/command.ts';
import type { Fleet, FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { Promotion } from '#shared/core/rollout/promote.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { type Freeze, createWallClock } from '#shared/core/rollout/windows.ts';
import {
  ACTOR,
  HOUR,
  NOW,
  at,
  cluster,
  fleet,
  hours,
  iso,
  live,
  record,
  stage,
  strategy,
  typesOf,
} from '#test/fixtures/rollout.ts';

/** The last asks for everything that a stage can ask for; its window is shut. */
const BY = strategy({
  stages: [
    stage('canary', { soakMs: HOUR, approval: { approvers: ['lead'], count: 1 } }),
    stage('early', { maxConcurrency: { clusters: 1 } }),
    stage('rest', { selects: () => true, signedBy: 'qa', windows: [hours(13, 14)] }),
  ],
});

function promote(
  from: Partial<RolloutRecord>,
  asked: Partial<Promotion> = {},
  by: Strategy = BY,
): RolloutRecord | Refusal {
  const outcome = command(record(from), { do: 'promote', signedBy: [], ...asked }, ACTOR, by, NOW);
  return 'refused' in outcome ? outcome.refused : outcome.record;
}

function promoted(asked: Partial<Promotion> = {}, by: Strategy = BY): RolloutRecord {
  const made = promote({}, asked, by);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

function signed(...clusters: readonly FleetCluster[]): Fleet {
  return { ...fleet(...clusters), signedBy: ['qa'] };
}

function ask(
  made: RolloutRecord,
  ring: string,
  changes: { readonly held?: boolean } = {},
  by: Strategy = BY,
): string {
  const candidate = { cluster: 'x', labels: { ring }, held: false, approved: 'C', ...changes };
  const admission = admits(made, by, candidate, NOW);
  return admission.allowed ? admission.digest : admission.why;
}

describe('a roll-out that a person promotes', () => {
  it('lets every cluster up to that stage in, without soak, approval or turn', () => {
    const made = promoted({ stage: 'early' });
    expect(made).toMatchObject({ status: 'rolling', stage: 'early', promoted: {}, version: 8 });
    expect(made).not.toHaveProperty('cursor');
    expect(['canary', 'early', 'rest'].map((ring) => ask(made, ring))).toEqual([
      'D',
      'D',
      'window',
    ]);
  });

  it('is published with who did it, and stays in the history', () => {
    const outcome = command(
      record(),
      { do: 'promote', stage: 'early', signedBy: [] },
      ACTOR,
      BY,
      NOW,
    );
    if ('refused' in outcome) throw new Error(outcome.refused);
    expect(outcome.notices).toMatchObject([
      { type: 'promoted', stage: 'early', version: 8, ...ACTOR },
    ]);
    expect(outcome.record.history).toMatchObject([{ did: 'promote early', ...ACTOR }]);
  });

  it('goes past a window, and a freeze of the config, where that is asked', () => {
    const shut = promoted({ signedBy: ['qa'] });
    expect(ask(shut, 'rest')).toBe('window');
    const open = promoted({ signedBy: ['qa'], windows: true });
    expect(ask(open, 'rest')).toBe('D');
    const frozen = { ...BY, freezes: [FREEZE] };
    expect(ask(shut, 'canary', {}, frozen)).not.toBe('D');
    expect(ask(open, 'canary', {}, frozen)).toBe('D');
  });

  it('goes past no freeze of a person', () => {
    const person = { by: 'ops@acme.example', reason: 'INC-7' };
    const made = promoted({ signedBy: ['qa'], windows: true, held: true });
    expect(ask(made, 'canary', {}, { ...BY, freezes: [{ ...FREEZE, person }] })).not.toBe('D');
  });

  it('goes past holds where that is asked, and counts what it lets in', () => {
    const kept = promoted({ stage: 'early' });
    expect(ask(kept, 'canary', { held: true })).toBe('held');
    const made = promoted({ stage: 'early', held: true });
    expect(ask(made, 'canary', { held: true })).toBe('D');
    // The stages after it are the strategy's.
    expect(ask(made, 'rest', { held: true })).toBe('held');
    const held = cluster('c1', 'canary', { held: true });
    const known = signed(held, cluster('e1', 'early', live()));
    const next = advance(made, BY, known, at(HOUR));
    expect(next.record).toMatchObject({ stage: 'early', status: 'rolling' });
    const without = advance(kept, BY, known, at(HOUR));
    expect(without.record).toMatchObject({ stage: 'rest' });
  });

  it.each<[string, Partial<RolloutRecord>, Partial<Promotion>, Refusal]>([
    ['what lacks a signature', {}, {}, 'not-signed'],
    ['what lacks it in the stage that is open', { stage: 'rest' }, {}, 'not-signed'],
    ['what was paused', { status: 'paused', cause: 'person' }, { stage: 'early' }, 'not-now'],
    ['what is halted', { status: 'halted', cause: 'failures' }, { stage: 'early' }, 'not-now'],
    ['what was aborted', { status: 'aborted' }, { stage: 'early' }, 'not-now'],
    ['what is completed', { status: 'completed', stage: 'rest' }, {}, 'not-now'],
    ['a way back', { kind: 'rollback', status: 'rolling-back' }, {}, 'not-now'],
    ['what has no strategy', { status: 'retired' }, {}, 'not-now'],
    ['what stands in a stage that is gone', { stage: 'gone' }, { stage: 'early' }, 'not-now'],
    ['what was rolled back', { rejected: ['D'] }, { stage: 'early' }, 'rejected'],
    ['a stage of no strategy', {}, { stage: '__proto__' }, 'no-such-stage'],
    ['a stage that is open', { stage: 'early' }, { stage: 'canary' }, 'open-already'],
    ['the same again', { stage: 'early', promoted: {} }, { stage: 'early' }, 'open-already'],
  ])('is not %s', (_, from, asked, refusal) => {
    expect(promote(from, asked)).toBe(refusal);
  });

  it('can be promoted further, and past more', () => {
    const from = { stage: 'early', promoted: {} };
    expect(promote(from, { stage: 'early', held: true })).toMatchObject({
      promoted: { held: true },
    });
    expect(promote(from, { signedBy: ['qa'] })).toMatchObject({ stage: 'rest', promoted: {} });
  });

  it.each(['soaking', 'awaiting-approval', 'awaiting-window'] as const)('ends %s', (status) => {
    const from = { status, cause: 'approval', okSince: iso(-HOUR), saidAt: iso(0) } as const;
    const made = promote(from, { stage: 'early' });
    expect(made).toMatchObject({ status: 'rolling' });
    for (const key of ['cause', 'okSince', 'saidAt']) expect(made).not.toHaveProperty(key);
  });

  it('opens no later stage while one before is behind', () => {
    const made = promoted({ stage: 'early' });
    const behind = signed(
      cluster('c1', 'canary', { approved: 'D' }),
      cluster('e1', 'early', live()),
    );
    expect(advance(made, BY, behind, at(1)).record).toMatchObject({ stage: 'early' });
    const all = signed(cluster('c1', 'canary', live()), cluster('e1', 'early', live()));
    expect(advance(made, BY, all, at(1)).record).toMatchObject({ stage: 'rest' });
  });

  it('opens the stages after it by the strategy', () => {
    const known = signed(cluster('e1', 'early', live()), cluster('r1', 'rest'));
    const made = promoted({ stage: 'early', windows: true, held: true });
    const { record: waits } = advance(made, BY, known, at(1));
    expect(waits).toMatchObject({ status: 'awaiting-window', stage: 'early' });
    const { record: next } = advance(waits, BY, known, at(1.5 * HOUR));
    expect(next).toMatchObject({ stage: 'rest' });
    expect(next).not.toHaveProperty('promoted');
  });

  it('halts over failures as it would have', () => {
    const failing = cluster('c1', 'canary', { approved: 'D', failing: 'D' });
    const { record: next, notices } = advance(
      promoted({ stage: 'early' }),
      BY,
      fleet(failing),
      at(1),
    );
    expect(next).toMatchObject({ status: 'halted', cause: 'failures' });
    expect(typesOf({ notices })).toEqual(['halted']);
    expect(ask(next, 'early')).toBe('halted');
  });

  it('is over with its digest', () => {
    const arrival = { digest: 'E', resolvedAt: iso(0), id: 'r9', by: 'push' };
    expect(arrive(promoted({ stage: 'early' }), BY, arrival, NOW).record).not.toHaveProperty(
      'promoted',
    );
    const outcome = command(
      promoted({ stage: 'early' }),
      { do: 'rollback', id: 'b' },
      ACTOR,
      BY,
      NOW,
    );
    expect('refused' in outcome ? outcome : outcome.record).not.toHaveProperty('promoted');
  });
});

const FREEZE: Freeze = {
  name: 'year-end',
  clock: createWallClock('UTC'),
  from: '2026-01-01 00:00',
  to: '2027-01-01 00:00',
  selects: () => true,
};
