import { describe, expect, it } from 'vitest';
import { arrive } from '#shared/core/rollout/arrive.ts';
import { command } from '#shared/core/rollout/command.ts';
import {
  type Amendment,
  MAX_HISTORY_BYTES,
  MAX_REASON,
  type RolloutRecord,
} from '#shared/core/rollout/record.ts';
import { ACTOR, HOUR, NOW, iso, record, stage, strategy, typesOf } from '#test/fixtures/rollout.ts';

const NEXT = { digest: 'E', resolvedAt: iso(-1), id: 'r2', by: 'push' };
const BACK = { kind: 'rollback', digest: 'C', previous: 'C', rejected: ['D'] } as const;
const started = {
  id: 'r2',
  digest: 'E',
  status: 'rolling',
  stage: 'canary',
  cursor: undefined,
} as const;

type Row = [
  string,
  Partial<RolloutRecord>,
  Amendment | undefined,
  string[],
  ('queue' | 'replace')?,
  object?,
];

const ROWS: readonly Row[] = [
  [
    'replaces',
    { stage: 'rest', cursor: { cluster: 'z' } },
    { ...started, previous: 'C' },
    ['superseded', 'started'],
  ],
  ['follows a completed one', { status: 'completed' }, { ...started, previous: 'D' }, ['started']],
  ['follows an aborted one', { status: 'aborted' }, { ...started, previous: 'C' }, ['started']],
  ['ends a halt', { status: 'halted' }, started, ['recovered', 'superseded', 'started']],
  [
    'ends a halt where it would queue',
    { status: 'halted' },
    started,
    ['recovered', 'superseded', 'started'],
    'queue',
  ],
  [
    'stays paused',
    { status: 'paused', cause: 'person' },
    { ...started, status: 'paused', cause: 'person' },
    ['superseded', 'started'],
  ],
  [
    'follows one that was paused when it was completed',
    { status: 'paused', before: 'completed' },
    { ...started, status: 'paused', previous: 'D', before: undefined },
    ['started'],
    'queue',
  ],
  ['waits', { status: 'soaking' }, { id: 'r1', digest: 'D', next: NEXT }, [], 'queue'],
  ['waits behind a pause', { status: 'paused' }, { id: 'r1', next: NEXT }, [], 'queue'],
  [
    'waits for the end of a way back',
    { ...BACK, status: 'rolling-back' },
    { id: 'r1', next: NEXT },
    [],
  ],
  [
    'waits for the end of a paused way back',
    { ...BACK, status: 'paused' },
    { id: 'r1', next: NEXT },
    [],
  ],
  [
    'follows a way back, and what was rejected stays so',
    { ...BACK, status: 'rolled-back' },
    { ...started, kind: 'forward', previous: 'C', rejected: ['D'] },
    ['started'],
  ],
  [
    'takes the place of what waits',
    { next: { ...NEXT, digest: 'F', resolvedAt: iso(-2) } },
    { next: NEXT },
    [],
    'queue',
  ],
  [
    'takes out what waits where the tag came back',
    { next: { ...NEXT, resolvedAt: iso(-2) } },
    { next: undefined },
    [],
    'queue',
    { digest: 'D' },
  ],
  ['is older by two clocks', { resolvedAt: iso(HOUR) }, undefined, []],
  [
    'follows one that a wrong clock has dated, or a forged receipt',
    { resolvedAt: '9999-12-31T23:59:59.000Z' },
    started,
    ['superseded', 'started'],
  ],
  [
    'takes the place of what waits with such a date',
    { next: { ...NEXT, digest: 'F', resolvedAt: iso(HOUR + 1) } },
    { next: NEXT },
    [],
    'queue',
  ],
  ['is as old', {}, undefined, [], 'replace', { resolvedAt: iso(-HOUR) }],
  [
    'is older than what waits',
    { next: NEXT },
    undefined,
    [],
    'queue',
    { digest: 'F', resolvedAt: iso(-2) },
  ],
  ['is what is there', { status: 'aborted' }, undefined, [], 'replace', { digest: 'D' }],
  ['was rejected', { ...BACK, status: 'rolled-back' }, undefined, [], 'replace', { digest: 'D' }],
];

/** The values of a record that are expected, `undefined` where one is not there. */
function pick(of: RolloutRecord, expected: object = {}): object {
  return Object.fromEntries(Object.entries(of).filter(([key]) => Object.hasOwn(expected, key)));
}

describe('arrive()', () => {
  it.each(ROWS)('a digest that %s', (_, from, to, notices, onNewer = 'replace', arrival = {}) => {
    const before = record(from);
    const change = arrive(before, strategy({ onNewer }), { ...NEXT, ...arrival }, NOW);
    expect(typesOf(change)).toEqual(notices);
    expect(change.record === before).toBe(to === undefined);
    expect(pick(change.record, to)).toEqual(to ?? {});
    expect(change.record.version).toBe(to === undefined ? 7 : 8);
  });
});

const AWAITING = { status: 'awaiting-approval', cause: 'approval' } as const;
const BY = strategy({
  stages: [
    stage('canary', { approval: { approvers: [ACTOR.by], count: 1 } }),
    stage('early', { approval: { approvers: ['lead@acme.example'], count: 1 } }),
    stage('rest', { selects: () => true }),
  ],
});
const LEAD = { by: 'lead@acme.example', reason: 'seen' };

describe('command()', () => {
  it.each<
    [string, Partial<RolloutRecord>, Parameters<typeof command>[1], Amendment | string, string[]]
  >([
    ['pause', {}, { do: 'pause' }, { status: 'paused', cause: 'person' }, ['paused']],
    [
      'pause of a halt',
      { status: 'halted' },
      { do: 'pause' },
      { status: 'paused' },
      ['recovered', 'paused'],
    ],
    [
      'pause of a completed one',
      { status: 'completed' },
      { do: 'pause' },
      { status: 'paused', before: 'completed' },
      ['paused'],
    ],
    [
      'pause over a lost record',
      { status: 'paused', cause: 'record-lost' },
      { do: 'pause' },
      { cause: 'person' },
      ['paused'],
    ],
    ['pause twice', { status: 'paused', cause: 'person' }, { do: 'pause' }, 'not-now', []],
    [
      'resume',
      { status: 'paused', cause: 'person' },
      { do: 'resume', ignore: [] },
      { status: 'rolling', cause: undefined },
      ['resumed'],
    ],
    [
      'resume of a completed one',
      { status: 'paused', before: 'completed' },
      { do: 'resume', ignore: [] },
      { status: 'completed', before: undefined },
      ['resumed'],
    ],
    [
      'resume of a way back',
      { ...BACK, status: 'paused' },
      { do: 'resume', ignore: [] },
      { status: 'rolling-back' },
      ['resumed'],
    ],
    [
      'resume over failures',
      { status: 'halted', ignored: ['a'] },
      { do: 'resume', ignore: ['a', 'b'] },
      { status: 'rolling', ignored: ['a', 'b'] },
      ['recovered', 'resumed'],
    ],
    [
      'resume where the stage is gone',
      { status: 'paused', cause: 'stage-gone', stage: 'gone', cursor: { cluster: 'z' } },
      { do: 'resume', ignore: [] },
      { stage: 'canary', cursor: undefined },
      ['resumed'],
    ],
    [
      'resume over too many',
      { status: 'halted' },
      { do: 'resume', ignore: Array.from({ length: 201 }, (_, n) => `c${n}`) },
      'too-many',
      [],
    ],
    ['resume of what goes on', {}, { do: 'resume', ignore: [] }, 'not-now', []],
    [
      'abort',
      { status: 'halted' },
      { do: 'abort' },
      { status: 'aborted', digest: 'D' },
      ['recovered', 'aborted'],
    ],
    ['abort of what has ended', { status: 'completed' }, { do: 'abort' }, 'not-now', []],
    [
      'approve before the soak',
      { status: 'soaking' },
      { do: 'approve', stage: 'canary' },
      'not-now',
      [],
    ],
    [
      'approve where another may',
      { ...AWAITING, stage: 'early' },
      { do: 'approve', stage: 'early' },
      'not-an-approver',
      [],
    ],
    ['approve another stage', AWAITING, { do: 'approve', stage: 'early' }, 'not-now', []],
    [
      'approve one’s own',
      { ...AWAITING, startedBy: ACTOR.by },
      { do: 'approve', stage: 'canary' },
      'not-by-starter',
      [],
    ],
    [
      'approve twice',
      { ...AWAITING, approvals: [{ stage: 'canary', by: ACTOR.by, at: iso(0) }] },
      { do: 'approve', stage: 'canary' },
      'approved-before',
      [],
    ],
    [
      'approve',
      AWAITING,
      { do: 'approve', stage: 'canary' },
      { approvals: [{ stage: 'canary', by: ACTOR.by, at: iso(0) }] },
      ['approved'],
    ],
    [
      'rollback',
      { status: 'halted' },
      { do: 'rollback', id: 'b1' },
      { id: 'b1', kind: 'rollback', digest: 'C', status: 'rolling-back', rejected: ['D'] },
      ['recovered', 'rolling-back'],
    ],
    [
      'rollback to another',
      {},
      { do: 'rollback', id: 'b1', to: 'B' },
      { digest: 'B', rejected: ['D'] },
      ['rolling-back'],
    ],
    [
      'rollback to what was rejected',
      { rejected: ['B'] },
      { do: 'rollback', id: 'b1', to: 'B' },
      'no-way-back',
      [],
    ],
    [
      'rollback of a way back',
      { ...BACK, status: 'rolled-back' },
      { do: 'rollback', id: 'b1' },
      'not-now',
      [],
    ],
    [
      'retry of an aborted one',
      { status: 'aborted', stage: 'rest' },
      { do: 'retry', id: 'r3' },
      { id: 'r3', digest: 'D', previous: 'C', stage: 'canary', status: 'rolling' },
      ['started'],
    ],
    [
      'retry of what was rolled back',
      { ...BACK, status: 'rolled-back' },
      { do: 'retry', id: 'r3' },
      { kind: 'forward', digest: 'D', previous: 'C', rejected: [] },
      ['started'],
    ],
    ['retry of what goes on', {}, { do: 'retry', id: 'r3' }, 'not-now', []],
    ['pause of a retired one', { status: 'retired' }, { do: 'pause' }, 'not-now', []],
    [
      'rollback of a retired one',
      { status: 'retired' },
      { do: 'rollback', id: 'b1' },
      'not-now',
      [],
    ],
  ])('%s', (_, from, asked, to, notices) => {
    const outcome = command(record(from), asked, ACTOR, BY, NOW);
    const wanted = typeof to === 'string' ? { refused: to } : to;
    const made = 'refused' in outcome ? undefined : outcome;
    expect(made ? pick(made.record, wanted) : outcome).toEqual(wanted);
    expect(typesOf(made ?? { notices: [] })).toEqual(notices);
    const last = made?.record.history.at(-1);
    expect(last && { by: last.by, reason: last.reason, at: last.at }).toEqual(
      made && { ...ACTOR, at: iso(0) },
    );
    expect(made?.notices.map(({ by, reason, version }) => [by, reason, version]) ?? []).toEqual(
      notices.map(() => [ACTOR.by, ACTOR.reason, 8]),
    );
  });

  it('keeps as much of a history as has room, and so much of a reason', () => {
    const reason = 'ü'.repeat(2_000);
    let current = record();
    for (let turn = 0; turn < 60; turn += 1) {
      const asked =
        turn % 2 === 0 ? { do: 'pause' as const } : { do: 'resume' as const, ignore: [] };
      const outcome = command(current, asked, { ...LEAD, reason }, BY, NOW);
      if ('record' in outcome) current = outcome.record;
    }
    const { history } = current;
    expect(history.every((entry) => entry.reason === 'ü'.repeat(MAX_REASON))).toBe(true);
    expect(history.at(-1)?.did).toBe('resume');
    const bytes = Buffer.byteLength(JSON.stringify(history));
    expect(bytes).toBeLessThanOrEqual(MAX_HISTORY_BYTES + history.length);
    expect(bytes).toBeGreaterThan(MAX_HISTORY_BYTES - 1_200);
  });

  it('keeps the newest of a long history', () => {
    let current = record();
    for (let turn = 0; turn < 60; turn += 1) {
      const asked =
        turn % 2 === 0 ? { do: 'pause' as const } : { do: 'resume' as const, ignore: [] };
      const outcome = command(current, asked, LEAD, strategy(), NOW);
      if ('record' in outcome) current = outcome.record;
    }
    expect([current.history.length, current.version]).toEqual([50, 67]);
  });
});
