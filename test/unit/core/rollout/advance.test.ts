import { describe, expect, it } from 'vitest';
import { advance } from '#shared/core/rollout/advance.ts';
import type { FleetCluster } from '#shared/core/rollout/fleet.ts';
import type { Amendment, RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import {
  HOUR,
  MINUTE,
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

const rest = cluster('r1', 'rest');
const early = cluster('e1', 'early');
const canary = (changes: Parameters<typeof cluster>[2]): FleetCluster =>
  cluster('c1', 'canary', changes);
const SHUT = strategy({
  stages: [stage('canary'), stage('rest', { selects: () => true, windows: [hours(13, 14)] })],
});
const APPROVED = strategy({
  stages: [stage('canary', { approval: { approvers: ['lead'], count: 1 } }), stage('rest')],
});
const AWAITED = {
  status: 'awaiting-approval',
  cause: 'approval',
  okSince: iso(-30 * HOUR),
} as const;
const SIGNED = strategy({ stages: [stage('canary'), stage('rest', { signedBy: 'qa' })] });
const dark = { ...canary(live()), reachable: false };
const TOLERANT = strategy({
  stages: [stage('canary', { maxUnreachable: { percent: 100 } }), stage('rest')],
});

interface Row {
  readonly from: Partial<RolloutRecord>;
  readonly by?: Strategy;
  readonly clusters: readonly FleetCluster[];
  /** `undefined`: it is not there. */
  readonly to: Amendment;
  readonly notices?: readonly string[];
  readonly signedBy?: readonly string[];
  readonly elsewhere?: number;
}

const ROWS: Readonly<Record<string, Row>> = {
  'lets the stage in': {
    from: {},
    clusters: [canary({}), rest],
    to: { status: 'rolling', stage: 'canary', cursor: { cluster: 'c1' } },
  },
  'lets in no more than all roll-outs may have under way': {
    from: { stage: 'rest' },
    by: strategy({ clustersAtOnce: 4 }),
    elsewhere: 2,
    clusters: [
      canary({ approved: 'D', approvedAt: iso(-MINUTE) }),
      ...['r1', 'r2', 'r3'].map((name) => cluster(name, 'rest')),
    ],
    to: { status: 'rolling', cursor: { cluster: 'r1' } },
  },
  'lets nobody in while other roll-outs have every slot': {
    from: {},
    by: strategy({ clustersAtOnce: 4 }),
    elsewhere: 5,
    clusters: [canary({}), rest],
    to: { status: 'rolling', cursor: undefined, version: 7 },
  },
  'waits for what is under way': {
    from: { cursor: { cluster: 'c1' }, okSince: iso(-HOUR) },
    clusters: [canary({ approved: 'D', approvedAt: iso(-MINUTE) }), rest],
    to: { status: 'rolling', stage: 'canary', okSince: undefined },
  },
  'soaks from when it saw the last one live': {
    from: {},
    clusters: [canary(live()), rest],
    to: { status: 'soaking', okSince: iso(0) },
  },
  'passes a stage after its soak': {
    from: { status: 'soaking', okSince: iso(-HOUR) },
    clusters: [canary(live()), early, rest],
    to: { status: 'rolling', stage: 'early', cursor: { cluster: 'e1' }, openedAt: iso(0) },
    notices: ['stage.passed', 'stage.opened'],
  },
  'passes none before': {
    from: { status: 'soaking', okSince: iso(-HOUR + 1) },
    clusters: [canary(live()), early],
    to: { status: 'soaking', stage: 'canary' },
  },
  'passes one stage at most': {
    from: { status: 'soaking', okSince: iso(-HOUR) },
    clusters: [canary(live()), cluster('e1', 'early', live()), cluster('r1', 'rest', live())],
    to: { status: 'soaking', stage: 'early' },
    notices: ['stage.passed', 'stage.opened'],
  },
  'awaits an approval after the soak': {
    from: {},
    by: APPROVED,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-approval', cause: 'approval' },
    notices: ['waiting'],
  },
  'says a wait for people again after a day': {
    from: { ...AWAITED, saidAt: iso(-24 * HOUR) },
    by: APPROVED,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-approval', saidAt: iso(0), version: 8 },
    notices: ['waiting'],
  },
  'says it once before that': {
    from: { ...AWAITED, saidAt: iso(1 - 24 * HOUR) },
    by: APPROVED,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-approval', saidAt: iso(1 - 24 * HOUR), version: 7 },
  },
  'says a wait for a window once': {
    from: { status: 'awaiting-window', cause: 'window', stage: 'rest', saidAt: iso(-100 * HOUR) },
    by: SHUT,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-window', version: 7 },
  },
  'goes back by itself where that is asked': {
    from: { rejected: ['B'] },
    by: strategy({ onFailure: 'rollback' }),
    clusters: [canary({ ...live(), failing: 'D' }), rest],
    to: {
      id: 'r1-back',
      kind: 'rollback',
      digest: 'C',
      previous: undefined,
      status: 'rolling-back',
      cause: 'failures',
      startedBy: 'push',
      rejected: ['B', 'D'],
    },
    notices: ['rolling-back'],
  },
  'halts where there is no way back': {
    from: { previous: 'D' },
    by: strategy({ onFailure: 'rollback' }),
    clusters: [canary({ ...live(), failing: 'D' }), rest],
    to: { status: 'halted', cause: 'failures', digest: 'D' },
    notices: ['halted'],
  },
  'halts where the way back was rejected': {
    from: { rejected: ['C'] },
    by: strategy({ onFailure: 'rollback' }),
    clusters: [canary({ ...live(), failing: 'D' }), rest],
    to: { status: 'halted', cause: 'failures' },
    notices: ['halted'],
  },
  'halts a digest that was rolled back before': {
    from: { rejected: ['D'] },
    clusters: [canary({}), rest],
    to: { status: 'halted', cause: 'rejected' },
    notices: ['halted'],
  },
  'gives no slot of one that failed before it was let in to another': {
    from: { cursor: { cluster: 'c1' } },
    by: strategy({ stages: [stage('canary', { maxConcurrency: { clusters: 1 } }), stage('rest')] }),
    clusters: [canary({ failing: 'D' }), cluster('c2', 'canary')],
    to: { status: 'rolling', cursor: { cluster: 'c1' }, version: 7 },
  },
  'has not rolled back what fails on what it goes back to, until that is approved': {
    from: { kind: 'rollback', digest: 'C', status: 'rolling-back', rejected: ['D'] },
    clusters: [canary({ approved: 'D', live: 'C', failing: 'C' }), rest],
    to: { status: 'rolling-back', version: 7 },
  },
  'leaves a retired one': {
    from: { status: 'retired', next: { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' } },
    clusters: [canary({})],
    to: { status: 'retired', version: 7 },
  },
  'goes on with it': {
    from: {
      status: 'awaiting-approval',
      cause: 'approval',
      approvals: [{ stage: 'canary', by: 'lead', at: iso(0) }],
    },
    by: APPROVED,
    clusters: [canary(live()), rest],
    to: { status: 'rolling', stage: 'rest' },
    notices: ['stage.passed', 'stage.opened'],
  },
  'takes no approval of another stage': {
    from: { approvals: [{ stage: 'rest', by: 'lead', at: iso(0) }] },
    by: APPROVED,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-approval', stage: 'canary' },
    notices: ['waiting'],
  },
  'awaits the signature that the next stage asks for': {
    from: {},
    by: SIGNED,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-approval', cause: 'signature' },
    notices: ['waiting'],
  },
  'goes on when it is there': {
    from: { status: 'awaiting-approval', cause: 'signature' },
    by: SIGNED,
    clusters: [canary(live()), rest],
    signedBy: ['qa'],
    to: { stage: 'rest' },
    notices: ['stage.passed', 'stage.opened'],
  },
  'awaits the window of the next stage': {
    from: {},
    by: SHUT,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-window', stage: 'canary' },
    notices: ['waiting'],
  },
  'awaits the window inside a stage': {
    from: { stage: 'rest', cursor: { cluster: 'a' } },
    by: SHUT,
    clusters: [canary(live()), rest],
    to: { status: 'awaiting-window', cursor: { cluster: 'a' } },
    notices: ['waiting'],
  },
  'publishes a wait once': {
    from: { status: 'awaiting-window', cause: 'window', okSince: iso(-1) },
    by: SHUT,
    clusters: [canary(live()), rest],
    to: { version: 7 },
  },
  'halts over a failure': {
    from: { cursor: { cluster: 'c1' } },
    clusters: [canary({ approved: 'D', approvedAt: iso(-1), failing: 'D' }), rest],
    to: { status: 'halted', cause: 'failures' },
    notices: ['halted'],
  },
  'halts over a failure in a stage that was passed': {
    from: { stage: 'rest' },
    clusters: [canary({ ...live(), failing: 'D' }), rest],
    to: { status: 'halted', cause: 'failures' },
    notices: ['halted'],
  },
  'halts over one that is not live in time': {
    from: { cursor: { cluster: 'c1' } },
    clusters: [canary({ approved: 'D', approvedAt: iso(-30 * MINUTE - 1) }), rest],
    to: { status: 'halted', cause: 'failures' },
    notices: ['halted'],
  },
  'counts apart what failed before': {
    from: { cursor: { cluster: 'c1' } },
    clusters: [
      canary({ approved: 'D', approvedAt: iso(-1), failing: 'D', failedBefore: true }),
      cluster('c0', 'canary', live()),
    ],
    to: { status: 'soaking' },
  },
  'goes on over what a person ignores': {
    from: { ignored: ['c1'], okSince: iso(-HOUR) },
    clusters: [canary({ approved: 'D', approvedAt: iso(-1), failing: 'D' }), rest],
    to: { stage: 'rest' },
    by: strategy({ stages: [stage('canary', { soakMs: HOUR }), stage('rest')] }),
    notices: ['stage.passed', 'stage.opened'],
  },
  'takes nobody in while too many are out of reach': {
    from: { stage: 'rest', okSince: iso(-HOUR) },
    clusters: [dark, rest],
    to: { status: 'rolling', cause: 'unreachable', stuckSince: iso(0), cursor: undefined },
  },
  'halts when that lasts': {
    from: { stage: 'rest', cause: 'unreachable', stuckSince: iso(-30 * MINUTE - 1) },
    clusters: [dark, rest],
    to: { status: 'halted', cause: 'unreachable' },
    notices: ['halted'],
  },
  'passes no stage without one that is live and in reach': {
    from: { okSince: iso(-HOUR) },
    by: TOLERANT,
    clusters: [dark, rest],
    to: { stage: 'canary', cause: 'no-evidence', okSince: undefined },
  },
  'skips a stage of none, one a call': {
    from: {},
    clusters: [rest],
    to: { stage: 'early', status: 'rolling' },
    notices: ['stage.skipped', 'stage.opened'],
  },
  'waits for a stage of none where that is asked': {
    from: {},
    by: strategy({ stages: [stage('canary', { ifEmpty: 'wait' }), stage('rest')] }),
    clusters: [canary({ held: true }), rest],
    to: { stage: 'canary', cause: 'empty' },
    notices: ['waiting'],
  },
  'moves nothing for a fleet without followers': {
    from: {},
    clusters: [cluster('c1', 'canary', {}, { syncs: [] })],
    to: { stage: 'canary', cause: 'empty' },
    notices: ['waiting'],
  },
  'takes no unknown cluster for a live one': {
    from: { stage: 'rest', okSince: iso(-HOUR), cursor: { cluster: 'z' } },
    clusters: [
      cluster('r0', 'rest', live()),
      { cluster: 'r1', labels: { ring: 'rest' }, reachable: true },
    ],
    to: { status: 'rolling', okSince: undefined },
  },
  'completes after the last stage': {
    from: { stage: 'rest' },
    clusters: [
      canary(live()),
      cluster('r1', 'rest', live()),
      cluster('r2', 'rest', { held: true }),
    ],
    to: { status: 'completed', stage: 'rest' },
    notices: ['stage.passed', 'completed'],
  },
  'completes not while another stage catches up': {
    from: { stage: 'rest' },
    clusters: [canary({}), cluster('r1', 'rest', live())],
    to: { status: 'soaking' },
  },
  'starts what waited for the end': {
    from: {
      status: 'completed',
      stage: 'rest',
      next: { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' },
    },
    clusters: [canary(live())],
    to: {
      id: 'r2',
      digest: 'E',
      previous: 'D',
      status: 'rolling',
      stage: 'canary',
      next: undefined,
    },
    notices: ['started'],
  },
  'gives a fix its way after a halt': {
    from: { status: 'halted', next: { digest: 'E', resolvedAt: iso(0), id: 'r2', by: 'push' } },
    clusters: [canary({ ...live(), failing: 'D' })],
    to: { id: 'r2', digest: 'E', previous: 'C', status: 'rolling' },
    notices: ['recovered', 'superseded', 'started'],
  },
  'pauses where its stage is gone': {
    from: { stage: 'gone' },
    clusters: [canary({})],
    to: { status: 'paused', cause: 'stage-gone' },
    notices: ['paused'],
  },
  'rolls back until nobody has it': {
    from: { kind: 'rollback', digest: 'C', status: 'rolling-back', rejected: ['D'] },
    clusters: [canary({ approved: 'C', live: 'D', approvedAt: iso(-1) }), rest],
    to: { status: 'rolling-back', version: 7 },
  },
  'has rolled back when all that can be is': {
    from: { kind: 'rollback', digest: 'C', status: 'rolling-back', rejected: ['D'] },
    clusters: [canary({}), rest, cluster('c2', 'canary', live(), { reachable: false })],
    to: { status: 'rolled-back' },
    notices: ['rolled-back'],
  },
  'has not rolled back what it never saw': {
    from: { kind: 'rollback', digest: 'C', status: 'rolling-back', rejected: ['D'] },
    clusters: [canary({}), { cluster: 'c2', labels: {}, reachable: true }],
    to: { status: 'rolling-back', version: 7 },
  },
};

describe('advance()', () => {
  it.each(Object.entries(ROWS))('%s', (_, { from, by = strategy(), clusters, ...expected }) => {
    const { to, notices = [], signedBy = [], elsewhere = 0 } = expected;
    const before = record(from);
    const seen = { clusters, signedBy, elsewhere };
    const change = advance(before, by, seen, at(0));
    const again = before.saidAt !== undefined && typesOf(change).includes('waiting');
    expect(change.notices.some(({ overdue }) => overdue === true)).toBe(again);
    const found = Object.entries(change.record).filter(([key]) => Object.hasOwn(to, key));
    expect(Object.fromEntries(found)).toEqual(to);
    expect(typesOf(change)).toEqual(notices);
    expect(change.record.version - before.version).toBe(change.record === before ? 0 : 1);
    // Law of the model: the same look changes nothing more.
    expect(advance(change.record, by, seen, at(0))).toEqual({
      record: change.record,
      notices: [],
    });
  });

  it.each([['paused'], ['aborted'], ['halted'], ['completed']] as const)('leaves %s', (status) => {
    const before = record({ status, cause: 'person' });
    expect(advance(before, strategy(), fleet(canary({})), NOW).record).toBe(before);
  });
});
