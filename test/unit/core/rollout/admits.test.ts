import { describe, expect, it } from 'vitest';
import { type Candidate, admits, keysToDrop } from '#shared/core/rollout/admits.ts';
import { createFreezing } from '#shared/core/rollout/freezes.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { standing } from '#shared/core/rollout/standing.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import {
  MINUTE,
  NOW,
  cluster,
  hours,
  iso,
  live,
  record,
  stage,
  strategy,
  sync,
} from '#test/fixtures/rollout.ts';

const PREVIOUS = strategy({ newClusters: 'previous' });
const NEWEST = strategy({ newClusters: 'newest' });
const SHUT = strategy({
  stages: [stage('rest', { selects: () => true, windows: [hours(13, 14)] })],
});
const FROZEN = strategy({
  newClusters: 'previous',
  freezes: createFreezing([frozen({ clusters: 'ring != early' })]).of({ repository: 'any' }),
});
const BACK = { kind: 'rollback', digest: 'C', rejected: ['D'] } as const;
const OPEN = { stage: 'early', cursor: { cluster: 'c5' } } as const;

type Row = [
  string,
  Partial<RolloutRecord>,
  Partial<Candidate> & { ring?: string },
  string,
  Strategy?,
];

const ROWS: readonly Row[] = [
  ['a stage that was passed', OPEN, { ring: 'canary' }, 'D'],
  ['a stage that is open, up to the cursor', OPEN, { ring: 'early' }, 'D'],
  ['a stage that is open, behind the cursor', OPEN, { ring: 'early', cluster: 'c6' }, '- queue'],
  ['a stage that is open to nobody yet', { stage: 'early' }, { ring: 'early' }, '- queue'],
  ['a later stage', OPEN, { ring: 'rest' }, '- stage'],
  ['a cluster of no stage, which is in the last', OPEN, { ring: 'other' }, '- stage'],
  ['a stage that is gone', { ...OPEN, stage: 'gone' }, { ring: 'canary' }, '- stage'],
  [
    'a cursor in another order',
    { ...OPEN, cursor: { by: 'x', cluster: 'c9' } },
    { ring: 'early' },
    '- queue',
  ],
  ['a strategy that was taken away', { status: 'retired' }, { approved: 'C' }, '- record'],
  ['a hold', OPEN, { ring: 'canary', held: true }, '- held'],
  ['soaking', { ...OPEN, status: 'soaking' }, { ring: 'canary' }, 'D'],
  ['awaiting an approval', { ...OPEN, status: 'awaiting-approval' }, { ring: 'canary' }, 'D'],
  ['awaiting a window', { ...OPEN, status: 'awaiting-window' }, { ring: 'canary' }, 'D'],
  ['paused', { ...OPEN, status: 'paused' }, { ring: 'canary' }, '- paused'],
  ['halted', { ...OPEN, status: 'halted' }, { ring: 'canary' }, '- halted'],
  ['aborted', { ...OPEN, status: 'aborted' }, { ring: 'canary' }, '- aborted'],
  ['paused, where it is approved already', { status: 'paused' }, { approved: 'D' }, 'D'],
  ['completed', { status: 'completed' }, { ring: 'rest' }, 'D'],
  ['completed, and held', { status: 'completed' }, { held: true }, '- held'],
  ['completed, outside of the window', { status: 'completed' }, {}, '- window', SHUT],
  [
    'rolling, outside of the window',
    { stage: 'rest', cursor: { cluster: 'z' } },
    {},
    '- window',
    SHUT,
  ],
  ['a freeze', OPEN, { ring: 'canary' }, '- freeze', FROZEN],
  ['a freeze, and approved already', OPEN, { ring: 'canary', approved: 'D' }, 'D', FROZEN],
  ['a freeze of others', OPEN, { ring: 'early' }, 'D', FROZEN],
  ['completed, and frozen', { status: 'completed' }, {}, '- freeze', FROZEN],
  ['paused, and frozen', { ...OPEN, status: 'paused' }, {}, '- freeze', FROZEN],
  ['held, and frozen', OPEN, { held: true }, '- held', FROZEN],
  ['a new cluster, and frozen', OPEN, { ring: 'rest' }, '- freeze', FROZEN],
  [
    'what runs without an approval, taken over in a freeze',
    { status: 'paused', cause: 'digests-differ' },
    { live: 'B' },
    '- freeze',
    FROZEN,
  ],
  ['a way back, frozen', { ...BACK, status: 'rolling-back' }, { live: 'D' }, 'C', FROZEN],
  ['after a way back, frozen', { ...BACK, status: 'rolled-back' }, { approved: 'D' }, 'C', FROZEN],
  [
    'after a way back, of stragglers, frozen',
    { ...BACK, status: 'rolled-back' },
    { approved: 'B' },
    '- freeze',
    FROZEN,
  ],
  ['a rejected digest', { status: 'completed', rejected: ['D'] }, {}, '- rejected'],
  ['a way back, of who has it', { ...BACK, status: 'rolling-back' }, { live: 'D' }, 'C'],
  [
    'a way back, of who is approved for it',
    { ...BACK, status: 'rolling-back' },
    { approved: 'D' },
    'C',
  ],
  [
    'a way back, outside of the window',
    { ...BACK, status: 'rolling-back' },
    { live: 'D' },
    'C',
    SHUT,
  ],
  ['a way back, of others', { ...BACK, status: 'rolling-back' }, { approved: 'B' }, '- rollback'],
  [
    'a way back, and held',
    { ...BACK, status: 'rolling-back' },
    { live: 'D', held: true },
    '- held',
  ],
  ['after a way back, of stragglers', { ...BACK, status: 'rolled-back' }, { approved: 'B' }, 'C'],
  [
    'after a way back, of who has it, outside of the window',
    { ...BACK, status: 'rolled-back' },
    { live: 'D' },
    'C',
    SHUT,
  ],
  ['a new cluster', OPEN, { ring: 'rest' }, '- stage'],
  ['a new cluster, that gets the previous digest', OPEN, { ring: 'rest' }, 'C', PREVIOUS],
  ['a new cluster, that gets the newest', OPEN, { ring: 'rest' }, 'D', NEWEST],
  [
    'a new cluster, while paused',
    { ...OPEN, status: 'paused' },
    { ring: 'rest' },
    '- paused',
    PREVIOUS,
  ],
  [
    'a new cluster, where there is no previous',
    { ...OPEN, rejected: ['C'] },
    { ring: 'rest' },
    '- stage',
    PREVIOUS,
  ],
  ['one without approval that runs the previous', OPEN, { ring: 'rest', live: 'C' }, 'C', PREVIOUS],
  [
    'one without approval that runs another',
    OPEN,
    { ring: 'rest', live: 'X' },
    '- stage',
    PREVIOUS,
  ],
  ['one that is not new', OPEN, { ring: 'rest', live: 'C' }, '- stage', NEWEST],
  ['adoption, of what runs', { status: 'paused', cause: 'digests-differ' }, { live: 'B' }, 'B'],
  [
    'adoption, never of what was rejected',
    { status: 'paused', cause: 'digests-differ', rejected: ['B'] },
    { live: 'B' },
    '- rejected',
  ],
  [
    'adoption, never of the tag',
    { status: 'paused', cause: 'digests-differ' },
    { approved: 'B' },
    '- paused',
  ],
];

describe('admits()', () => {
  it.each(ROWS)('%s', (_, of, { ring = 'rest', ...changes }, expected, by = strategy()) => {
    const candidate = { cluster: 'c5', labels: { ring }, held: false, ...changes };
    const admission = admits(record(of), by, candidate, NOW);
    expect(admission.allowed ? admission.digest : `- ${admission.why}`).toBe(expected);
  });

  it('lets nobody in without a record', () => {
    const candidate = { cluster: 'c', labels: {}, held: false, approved: 'D' };
    expect(admits(undefined, strategy(), candidate, NOW)).toEqual({
      allowed: false,
      why: 'record',
    });
  });
});

const LATE = { approved: 'D', approvedAt: iso(-30 * MINUTE - 1) };
const FRESH = { approved: 'D', approvedAt: iso(-30 * MINUTE) };

describe('standing()', () => {
  it.each([
    ['live', cluster('c1', 'canary', live())],
    ['failed', cluster('c1', 'canary', { ...live(), failing: 'D' })],
    ['failed', cluster('c1', 'canary', { ...live(), failing: 'B' })],
    ['failed', cluster('c1', 'canary', LATE)],
    ['failed-before', cluster('c1', 'canary', { ...LATE, failedBefore: true })],
    ['under-way', cluster('c1', 'canary', { failing: 'D' })],
    ['under-way', cluster('c1', 'canary', { failing: 'C' })],
    ['under-way', cluster('c1', 'canary', FRESH)],
    ['under-way', cluster('c1', 'canary')],
    ['under-way', { cluster: 'c1', labels: { ring: 'canary' }, reachable: true }],
    ['waiting', cluster('c1', 'rest')],
    ['waiting', { cluster: 'c1', labels: {}, reachable: true }],
    ['unreachable', { cluster: 'c1', labels: {}, reachable: false }],
    ['unreachable', cluster('c1', 'canary', live(), { reachable: false })],
    ['unreachable', cluster('c1', 'canary', { ...live(), failing: 'D' }, { reachable: false })],
    ['held', cluster('c1', 'canary', { held: true })],
    ['live', cluster('c1', 'canary', { ...live(), held: true })],
    ['failed', cluster('c1', 'canary', { ...live(), held: true, failing: 'D' })],
    ['absent', cluster('c1', 'canary', {}, { syncs: [] })],
    ['absent', cluster('c1', 'canary', {}, { syncs: [], reachable: false })],
    ['ignored', cluster('c2', 'canary', { ...live(), failing: 'D' })],
    ['live', cluster('c2', 'canary', live())],
    [
      'failed',
      cluster('c1', 'canary', {}, { syncs: [sync(live()), sync({ ...live(), failing: 'D' })] }),
    ],
    ['live', cluster('c1', 'canary', {}, { syncs: [sync(live()), sync({ held: true })] })],
    ['under-way', cluster('c1', 'canary', {}, { syncs: [sync(live()), sync({ approved: 'C' })] })],
  ] as const)('%s', (expected, given) => {
    const of = record({ cursor: { cluster: 'c9' }, ignored: ['c2'] });
    expect(standing(of, strategy(), given, NOW)).toBe(expected);
  });
});

describe('keysToDrop()', () => {
  it.each([
    ['what was rolled back', ['D', 'B'], 'C', ['D', 'B']],
    ['what was rolled back, but not what is live', ['D', 'B'], 'D', ['B']],
    ['nothing where nothing was', [], 'D', []],
    ['all where nothing is known to be live', ['D'], undefined, ['D']],
  ])('drops %s', (_, rejected, running, expected) => {
    expect(keysToDrop({ rejected }, running === undefined ? {} : { live: running })).toEqual(
      expected,
    );
  });
});
