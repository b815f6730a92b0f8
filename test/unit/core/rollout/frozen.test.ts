import { describe, expect, it } from 'vitest';
import { advance } from '#shared/core/rollout/advance.ts';
import { explainRollout } from '#shared/core/rollout/explain.ts';
import { createFreezing } from '#shared/core/rollout/freezes.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { type Freeze, createWallClock } from '#shared/core/rollout/windows.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import {
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

const CANARY = cluster('c1', 'canary', live());
const REST = cluster('r1', 'rest');
const EVERY = { selects: () => true };
const OPEN = strategy({ stages: [stage('canary'), stage('rest', EVERY)] });
const SHUT = strategy({
  stages: [stage('canary'), stage('rest', { ...EVERY, windows: [hours(13, 14)] })],
});
const FREEZING = createFreezing([frozen({ clusters: 'ring = rest' })]);
const FROZEN = FREEZING.with(OPEN, { repository: 'any' });
const BOTH = FREEZING.with(SHUT, { repository: 'any' });

describe('a roll-out that is frozen', () => {
  it.each<[string, Partial<RolloutRecord>, typeof OPEN, Partial<RolloutRecord>, string[]]>([
    [
      'opens no stage',
      {},
      FROZEN,
      { status: 'awaiting-window', cause: 'freeze', stage: 'canary' },
      ['waiting'],
    ],
    [
      'lets nothing more in',
      { stage: 'rest', cursor: { cluster: 'a' } },
      FROZEN,
      { status: 'awaiting-window', cause: 'freeze', cursor: { cluster: 'a' } },
      ['waiting'],
    ],
    [
      'says so, and not that its window is shut as well',
      {},
      BOTH,
      { status: 'awaiting-window', cause: 'freeze' },
      ['waiting'],
    ],
    [
      'says so once',
      { status: 'awaiting-window', cause: 'freeze', okSince: iso(-1) },
      BOTH,
      { version: 7 },
      [],
    ],
    [
      'goes on once it is not',
      { status: 'awaiting-window', cause: 'freeze', okSince: iso(-1) },
      OPEN,
      { status: 'rolling', stage: 'rest' },
      ['stage.passed', 'stage.opened'],
    ],
    [
      'waits for its window then, and says so',
      { status: 'awaiting-window', cause: 'freeze', okSince: iso(-1) },
      SHUT,
      { status: 'awaiting-window', cause: 'window' },
      ['waiting'],
    ],
    [
      'goes back all the same',
      { kind: 'rollback', digest: 'C', rejected: ['D'], status: 'rolling-back' },
      FREEZING.with(OPEN, { repository: 'any' }),
      { status: 'rolling-back' },
      [],
    ],
  ])('%s', (_, from, by, to, notices) => {
    const change = advance(record(from), by, fleet(CANARY, REST), at(0));
    expect(change.record).toMatchObject(to);
    expect(typesOf(change)).toEqual(notices);
    expect(advance(change.record, by, fleet(CANARY, REST), at(0)).record).toBe(change.record);
  });

  it('soaks on, and does not fail what it keeps waiting', () => {
    const stages = strategy({ stages: [stage('canary', { soakMs: HOUR }), stage('rest', EVERY)] });
    const by = FREEZING.with(stages, { repository: 'any' });
    const soaking = record({ status: 'soaking', okSince: iso(-HOUR) });
    const { record: done } = advance(soaking, by, fleet(CANARY, REST), NOW);
    expect(done).toMatchObject({ status: 'awaiting-window', cause: 'freeze', okSince: iso(-HOUR) });
    const letIn = record({ stage: 'rest', cursor: { cluster: 'z' }, openedAt: iso(-50 * HOUR) });
    const { record: still } = advance(letIn, FROZEN, fleet(CANARY, REST), NOW);
    expect(still.status).toBe('awaiting-window');
  });
});

const freeze: Freeze = {
  name: 'year-end',
  clock: createWallClock('Europe/Berlin'),
  from: '2026-11-20 00:00',
  to: '2026-12-01 08:00',
  selects: () => true,
};

describe('the step of a freeze', () => {
  it.each<[Partial<Freeze>, string, string, string[]]>([
    [{ to: '2026-11-20 00:00' }, 'ok', 'No freeze holds', []],
    [
      {},
      'wait',
      'Freeze year-end lasts until 2026-12-01 08:00 Europe/Berlin',
      ['year-end ends in 8 days'],
    ],
    [
      { to: '9999-12-31 23:59', person: { by: 'ops', reason: 'INC-7' } },
      'wait',
      'Frozen by ops until a person lifts year-end: INC-7',
      ['An invoker lifts it: countersign unfreeze year-end'],
    ],
    [
      {
        to: '2026-11-23 15:00',
        person: { by: 'ops', reason: 'INC-7', until: '2026-11-23T14:00:00.000Z' },
      },
      'wait',
      'Frozen by ops until 2026-11-23T14:00:00.000Z (year-end): INC-7',
      ['year-end ends in 2 h, or an invoker lifts it: countersign unfreeze year-end'],
    ],
  ])('of %j', (changes, outcome, finding, details) => {
    const by = { ...OPEN, freezes: [{ ...freeze, ...changes }] };
    const done = record({ status: 'completed', stage: 'rest' });
    const asked = { cluster: REST, sync: { sync: '', failedBefore: false, held: false } };
    const { steps, waits } = explainRollout(done, by, fleet(CANARY, REST), asked, NOW);
    const step = { step: 'freeze', outcome, finding, details };
    expect(steps.find((one) => one.step === 'freeze')).toEqual(step);
    const wait = `Waits for the end of a freeze. ${finding}`;
    expect(outcome === 'wait' ? waits : wait).toBe(wait);
  });
});
