import { describe, expect, it } from 'vitest';
import { isDue } from '#functions/sweep/due.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import type { Phase } from '#shared/core/phase.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterRecord } from '#shared/store/store.ts';
import { createReconcileWorld } from '#test/fixtures/reconcile-world.ts';

const NOW = new Date('2026-11-22T06:00:00Z');
const PERIOD = 900_000;

function record(overrides: Partial<ClusterRecord> = {}, phase: Phase = 'Synced'): ClusterRecord {
  return {
    cluster: 'cluster-1',
    phase: 'Reachable',
    since: NOW.toISOString(),
    reconciledAt: NOW.toISOString(),
    follows: [],
    syncs: [
      {
        sync: 'RootSync/root-sync',
        uid: 'u1',
        approved: [],
        record: { phase, since: NOW.toISOString() },
        message: '',
        errors: [],
        nomos: 'SYNCED',
      },
    ],
    ...overrides,
  };
}

describe('isDue()', () => {
  it.each<[string, boolean, ClusterRecord | undefined, number]>([
    ['nothing is known', true, undefined, 0],
    ['never reconciled', true, { ...record(), reconciledAt: '' }, 0],
    ['unreachable', true, record({ phase: 'Unreachable' }), 0],
    ['settled', false, record(), 0],
    ['settled, its turn not yet come', false, record(), PERIOD - 1],
    ['settled, its turn come', true, record(), PERIOD],
    ['ignored', false, record({}, 'Ignored'), 0],
    ['pending', true, record({}, 'Pending'), 0],
    ['rejected', true, record({}, 'Rejected'), 0],
    ['approved', true, record({}, 'Approved'), 0],
    ['failed', true, record({}, 'Failed'), 0],
    ['blocked', true, record({}, 'Blocked'), 0],
    ['stalled', true, record({}, 'Stalled'), 0],
    ['unguarded', true, record({}, 'Unguarded'), 0],
  ])('%s: %s', (_, due, found, later) => {
    const { reconciledAt, ...never } = record();
    const given = found?.reconciledAt === '' ? never : found;
    expect(reconciledAt).toBeDefined();
    expect(isDue(given, new Date(NOW.getTime() + later), PERIOD)).toBe(due);
  });
});

describe('handleSweep()', () => {
  it('tasks the clusters whose turn has come, and says that it completed', async () => {
    const world = createReconcileWorld({ clusters: { 'cluster-1': [], 'cluster-2': [] } });
    await world.deps.store.writeCluster(record());
    const tasks: Task[] = [];
    const deps = {
      ...world.deps,
      fleet: world.clusters.fleet,
      publishTasks: async (published: readonly Task[]) => {
        tasks.push(...published);
      },
      periodMs: PERIOD,
      newId: () => 'sweep-1',
    };
    expect(await handleSweep(deps)).toEqual({ id: 'sweep-1', clusters: 2, tasked: 1 });
    expect(tasks).toEqual([{ cluster: 'cluster-2', reason: 'sweep', id: 'sweep-1' }]);
    expect(world.events).toMatchObject([
      { type: 'sweep.completed', data: { id: 'sweep-1', clusters: 2, tasked: 1, unreachable: 0 } },
    ]);
  });

  it('says nothing when the tasks could not be published', async () => {
    const world = createReconcileWorld({ clusters: { 'cluster-1': [] } });
    const deps = {
      ...world.deps,
      publishTasks: () => Promise.reject(new Error('No broker')),
      periodMs: PERIOD,
      newId: () => 'sweep-1',
    };
    await expect(handleSweep(deps)).rejects.toThrow('No broker');
    expect(world.types()).toEqual([]);
  });
});
