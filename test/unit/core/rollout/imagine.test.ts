import { describe, expect, it } from 'vitest';
import type { RolloutPlan } from '#shared/core/rollout/plan.ts';
import { type Asked, THREE, plan } from '#test/fixtures/plan.ts';
import { HOUR, cluster, iso, live, record, strategy } from '#test/fixtures/rollout.ts';

const COMPLETED = record({ status: 'completed', stage: 'rest', digest: 'C' });

describe('what is planned', () => {
  it.each<[string, Asked, Partial<RolloutPlan>]>([
    ['the next push', { from: COMPLETED }, { start: 'now', previous: 'C' }],
    ['a digest', { from: COMPLETED, digest: 'D' }, { start: 'now', digest: 'D', previous: 'C' }],
    ['one on its way', { from: record() }, { start: 'under-way', digest: 'D', previous: 'C' }],
    ['the next one', { from: record(), digest: 'E' }, { start: 'now', digest: 'E', previous: 'C' }],
    [
      'one behind another',
      { from: record(), digest: 'E', by: strategy({ onNewer: 'queue' }) },
      { start: 'queued', digest: 'E' },
    ],
    [
      'one that is paused',
      { from: record({ status: 'paused' }) },
      { start: 'person', digest: 'D' },
    ],
    [
      'one under a pause',
      { from: record({ status: 'paused' }), digest: 'E' },
      { start: 'person', digest: 'E' },
    ],
    [
      'one that a halt lets through',
      { from: record({ status: 'halted' }), digest: 'E' },
      { start: 'now', digest: 'E' },
    ],
    [
      'one that was rolled back',
      { from: record({ ...COMPLETED, rejected: ['D'] }), digest: 'D' },
      { start: 'rejected', digest: 'D' },
    ],
    [
      'one behind a way back',
      { from: record({ kind: 'rollback', status: 'rolling-back', digest: 'C' }) },
      { start: 'queued' },
    ],
    [
      'one after a retired record',
      { from: record({ status: 'retired' }) },
      { start: 'now', previous: 'C' },
    ],
    ['the first', {}, { start: 'now', previous: 'C' }],
    ['what is live everywhere', { digest: 'C' }, { start: 'under-way', digest: 'C', clusters: 0 }],
  ])('is %s', (_, asked, expected) => {
    const found = plan(THREE, asked);
    expect(found).toMatchObject(expected);
    expect(found.digest).toBe(expected.digest);
  });

  it('is an adoption first where several digests are live, and no receipt says otherwise', () => {
    const mixed = [...THREE, cluster('r2', 'rest', live('B'))];
    expect(plan(mixed)).toMatchObject({ start: 'adoption', clusters: 4 });
    const receipt = {
      id: 'r0',
      kind: 'forward',
      digest: 'B',
      rejected: [],
      startedAt: iso(-HOUR),
      resolvedAt: iso(-HOUR),
    } as const;
    const known = [...THREE, cluster('r2', 'rest', { ...live('B'), receipt })];
    expect(plan(known).start).toBe('now');
    const unseen = { cluster: 'r9', labels: {}, reachable: true };
    expect(plan([...THREE, unseen]).start).toBe('adoption');
  });

  it('moves on the way back only what has the rejected digest', () => {
    const from = record({
      kind: 'rollback',
      status: 'rolling-back',
      stage: 'early',
      digest: 'C',
      rejected: ['D'],
    });
    const clusters = [cluster('c1', 'canary', live()), cluster('r1', 'rest', live('B'))];
    const found = plan(clusters, { from, digest: 'C' });
    expect([found.start, found.clusters]).toEqual(['under-way', 1]);
  });
});
