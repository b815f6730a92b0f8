import { describe, expect, it } from 'vitest';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { sayNow } from '#shared/core/rollout/say-now.ts';
import { viewStages } from '#shared/core/rollout/standing.ts';
import { type Strategy, openingsAt } from '#shared/core/rollout/strategy.ts';
import { createWallClock } from '#shared/core/rollout/windows.ts';
import {
  HOUR,
  MINUTE,
  NOW,
  cluster,
  hours,
  iso,
  live,
  record,
  stage,
  strategy,
} from '#test/fixtures/rollout.ts';

const LEADS = ['a@x', 'b@x', 'c@x', 'd@x'];
const BY = strategy({
  stages: [
    stage('canary', { soakMs: 90 * MINUTE }),
    stage('early', { soakMs: HOUR, approval: { approvers: LEADS, count: 2 } }),
    stage('rest', { selects: () => true, signedBy: 'qa', windows: [hours(13, 14)] }),
  ],
});
const FROZEN = strategy({
  stages: [stage('rest', { selects: () => true })],
  freezes: [
    {
      name: 'fair',
      clock: createWallClock('UTC'),
      from: '2026-11-23 00:00',
      to: '2026-11-25 06:00',
      selects: ({ ring }) => ring === 'shop',
    },
    {
      name: 'year-end',
      clock: createWallClock('UTC'),
      from: '2026-11-23 00:00',
      to: '2027-01-04 08:00',
      selects: ({ ring }) => ring === 'bank',
    },
  ],
});
const EVEN = { cursor: { cluster: 'c9' } };
const OPEN = [cluster('c1', 'canary', live()), cluster('c2', 'early'), cluster('c3', 'rest')];
const APPROVED = [{ stage: 'early', by: 'a@x', at: iso(0) }];
const PAUSED = [
  { by: 'ops@x', reason: 'INC-1', did: 'pause', at: iso(-HOUR) },
  { by: 'dev@x', reason: 'INC-2', did: 'pause', at: iso(0) },
  { by: 'lead@x', reason: 'Other', did: 'approve early', at: iso(0) },
];

type Row = [string, Partial<RolloutRecord>, readonly FleetCluster[], Strategy?];

const ROWS: readonly Row[] = [
  [
    'canary: 1 of 2 live, 1 under way; then soaks 1 h 30 min, then stage early',
    EVEN,
    [...OPEN, cluster('c4', 'canary')],
  ],
  [
    'canary: 1 of 1 live; soaks until 2026-11-23 13:00 UTC, then stage early',
    { status: 'soaking', okSince: iso(-30 * MINUTE) },
    OPEN,
  ],
  [
    'early: 0 of 1 live; waits for 2 approvals by a@x, b@x, c@x or 1 more, then a signature for stage rest that meets trust policy qa, then stage rest',
    { status: 'awaiting-approval', cause: 'approval', stage: 'early' },
    OPEN,
  ],
  [
    'early: 0 of 1 live; waits for 1 approval by b@x, c@x, d@x, then a signature for stage rest that meets trust policy qa, then stage rest',
    { status: 'awaiting-approval', cause: 'approval', stage: 'early', approvals: APPROVED },
    OPEN,
  ],
  [
    'early: 0 of 1 live; waits for a signature for stage rest that meets trust policy qa, then stage rest',
    { status: 'awaiting-approval', cause: 'signature', stage: 'early' },
    OPEN,
  ],
  [
    'early: 1 of 1 live; stage rest may start mon 2026-11-23 13:00 UTC',
    { status: 'awaiting-window', cause: 'window', stage: 'early' },
    [OPEN[0] ?? cluster('c1', 'canary'), cluster('c2', 'early', live()), cluster('c3', 'rest')],
  ],
  [
    'rest: 0 of 2 live; stage rest may start 2026-11-25 06:00 UTC; Freeze fair lasts until 2026-11-25 06:00 UTC',
    { status: 'awaiting-window', cause: 'window', stage: 'rest' },
    [cluster('c1', 'shop'), cluster('c2', 'bank')],
    FROZEN,
  ],
  [
    'rest: 1 of 1 live; then it is completed',
    { stage: 'rest', ...EVEN },
    [cluster('c1', 'x', live())],
    FROZEN,
  ],
  [
    'canary: 0 of 1 live, 1 unreachable; too many are out of reach: halts at 2026-11-23 12:20 UTC',
    { ...EVEN, cause: 'unreachable', stuckSince: iso(-10 * MINUTE) },
    [cluster('c1', 'canary', {}, { reachable: false })],
  ],
  [
    'canary: 0 of 1 live, 1 failing as before; none of them is live: halts at 2026-11-23 12:20 UTC',
    { ...EVEN, cause: 'no-evidence', stuckSince: iso(-10 * MINUTE) },
    [cluster('c1', 'canary', { ...live(), failing: 'D', failedBefore: true })],
  ],
  [
    'canary: 0 of 0 live; waits for the first cluster that follows the image',
    { cause: 'empty' },
    [],
  ],
  ['The config has no stage gone: the next sweep pauses it', { stage: 'gone' }, OPEN],
  [
    'Paused by dev@x (INC-2): nothing is newly approved; 1 of 3 live',
    { status: 'paused', cause: 'person', history: PAUSED },
    OPEN,
  ],
  [
    'Paused by a person: nothing is newly approved; 1 of 3 live',
    { status: 'paused', cause: 'person' },
    OPEN,
  ],
  [
    'Paused: its record was lost, and is rebuilt from receipts; resume it once its position is right; 1 of 3 live',
    { status: 'paused', cause: 'record-lost' },
    OPEN,
  ],
  [
    'Halted: too many failed; 0 of 3 live, 1 failed, 1 held; resume it with the clusters to ignore, or push a newer digest',
    { status: 'halted', cause: 'failures', stage: 'early', ...EVEN },
    [
      cluster('c1', 'canary', { ...live(), failing: 'D' }),
      cluster('c2', 'early', { held: true }),
      cluster('c3', 'rest'),
      cluster('c4', 'rest'),
    ],
  ],
  [
    'Aborted by ops@x (INC-9): clusters that have D keep it; 1 of 3 live',
    {
      status: 'aborted',
      cause: 'person',
      history: [{ by: 'ops@x', reason: 'INC-9', did: 'abort', at: iso(0) }],
    },
    OPEN,
  ],
  ['Goes back to D; 1 of 3 live', { status: 'rolling-back', kind: 'rollback' }, OPEN],
  [
    'Rolled back to D; 1 of 3 live, 2 under way',
    { status: 'rolled-back', kind: 'rollback' },
    OPEN,
    FROZEN,
  ],
  ['Completed; 1 of 3 live, 2 under way', { status: 'completed' }, OPEN, FROZEN],
  ['Its strategy was taken away', { status: 'retired' }, OPEN],
  [
    'Completed; 1 of 1 live; E waits for its end',
    {
      status: 'completed',
      next: { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' },
    },
    [cluster('c1', 'canary', live())],
  ],
];

describe('sayNow()', () => {
  it('says that a part of the fleet is missing, where that stops it', () => {
    const now = NOW;
    const one = record(EVEN);
    const views = viewStages(one, BY, OPEN, { now, isOpen: openingsAt(BY, now) });
    expect(sayNow({ record: one, strategy: BY, views, now, partial: true })).toBe(
      'canary: 1 of 1 live; a part of the fleet cannot be listed: no stage is passed meanwhile',
    );
  });

  it.each(ROWS)('says: %s', (said, changes, clusters, by = BY) => {
    const now = NOW;
    const one = record(changes);
    const views = viewStages(one, by, clusters, { now, isOpen: openingsAt(by, now) });
    expect(sayNow({ record: one, strategy: by, views, now })).toBe(said);
  });
});
