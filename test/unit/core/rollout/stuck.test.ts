import { describe, expect, it } from 'vitest';
import { advance } from '#shared/core/rollout/advance.ts';
import type { FleetSync } from '#shared/core/rollout/fleet.ts';
import { type Standing, standing } from '#shared/core/rollout/standing.ts';
import {
  HOUR,
  MINUTE,
  NOW,
  cluster,
  fleet,
  iso,
  live,
  record,
  strategy,
  typesOf,
} from '#test/fixtures/rollout.ts';

const OPEN = record({ cursor: { cluster: 'z' } });
const LATE = iso(-31 * MINUTE);

describe('an RSync that was let in and is not approved', () => {
  it.each<[string, Partial<FleetSync>, Standing]>([
    ['may be so until its next look', {}, 'under-way'],
    ['has time', { stuck: { since: iso(-30 * MINUTE), on: 'D' } }, 'under-way'],
    ['has failed after the deadline', { stuck: { since: LATE, on: 'D' } }, 'failed'],
    ['has failed as well where it cannot be written', { stuck: { since: LATE } }, 'failed'],
    [
      'had failed before where it was so before its stage was opened',
      { stuck: { since: iso(-HOUR - 1), on: 'D' } },
      'failed-before',
    ],
    ['is asked again for another digest', { stuck: { since: LATE, on: 'B' } }, 'under-way'],
    ['counts no more once it is approved', { ...live(), stuck: { since: LATE } }, 'live'],
    ['is held', { held: true, stuck: { since: LATE } }, 'held'],
    [
      'is approved by a receipt of the future',
      { approved: 'D', approvedAt: iso(31 * MINUTE) },
      'failed',
    ],
  ])('%s', (_, changes, expected) => {
    const found = standing(OPEN, strategy(), cluster('c1', 'canary', changes), NOW);
    expect(found).toBe(expected);
  });

  it('halts its roll-out, which a person may have it ignore', () => {
    const clusters = fleet(
      cluster('c1', 'canary', { stuck: { since: LATE, on: 'D' } }),
      cluster('c2', 'canary', live()),
    );
    const change = advance(OPEN, strategy(), clusters, NOW);
    expect(change.record).toMatchObject({ status: 'halted', cause: 'failures' });
    expect(change.notices).toMatchObject([{ type: 'halted', clusters: ['c1'] }]);
    const ignoring = { ...OPEN, ignored: ['c1'] };
    expect(advance(ignoring, strategy(), clusters, NOW).record.status).toBe('soaking');
  });

  it('takes the digest from no other, where failures lead back', () => {
    const by = strategy({ onFailure: 'rollback' });
    const stuck = cluster('c1', 'canary', { stuck: { since: LATE, on: 'D' } });
    const halted = advance(OPEN, by, fleet(stuck, cluster('c2', 'canary', live())), NOW);
    expect(halted.record).toMatchObject({ status: 'halted', cause: 'failures', rejected: [] });
    const bad = cluster('c2', 'canary', { ...live(), failing: 'D' });
    expect(advance(OPEN, by, fleet(stuck, bad), NOW).record).toMatchObject({
      status: 'rolling-back',
      rejected: ['D'],
    });
  });

  it('ends no way back for ever', () => {
    const back = record({
      kind: 'rollback',
      digest: 'C',
      status: 'rolling-back',
      rejected: ['D'],
    });
    const clusters = fleet(cluster('c1', 'canary', { ...live(), stuck: { since: LATE, on: 'C' } }));
    const change = advance(back, strategy(), clusters, NOW);
    expect(change.record).toMatchObject({ status: 'rolled-back' });
    expect(typesOf(change)).toEqual(['rolled-back']);
    expect(change.notices).toMatchObject([{ clusters: ['c1'] }]);
  });
});
