import { describe, expect, it } from 'vitest';
import { handleTask } from '#functions/cluster/handle-task.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { PHASES } from '#shared/core/phase.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { createPace } from '#shared/fleet/pace.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { countCalls, countErrors } from '#shared/telemetry/observe-clusters.ts';
import { observeEvent } from '#shared/telemetry/observe-event.ts';
import { recordMeter } from '#test/fakes/telemetry.ts';
import { A } from '#test/fixtures/digests.ts';
import { createFakeFleet } from '#test/fixtures/fake-fleet.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { clusterEvent, imageEvent, sweepEvent, syncEvent } from '#test/fixtures/status-events.ts';
import { createSweepWorld } from '#test/fixtures/sweep-world.ts';

const NOW = new Date('2026-11-22T05:00:00Z');

describe('observeEvent()', () => {
  it.each<[StatusEvent, unknown[][]]>([
    [imageEvent('image.untrusted'), [['verdicts', 1, { verdict: 'untrusted' }]]],
    [imageEvent('image.unchecked'), [['verdicts', 1, { verdict: 'unchecked' }]]],
    [syncEvent('sync.blocked'), [['transitions', 1, { type: 'blocked' }]]],
    [
      { ...syncEvent('sync.synced'), approvedAt: '2026-11-22T04:58:30Z' },
      [
        ['transitions', 1, { type: 'synced' }],
        ['approved_to_synced', 90, {}],
      ],
    ],
    // A receipt that is about another digest by now measures nothing.
    [syncEvent('sync.synced'), [['transitions', 1, { type: 'synced' }]]],
    [clusterEvent('cluster.unreachable'), [['cluster_transitions', 1, { phase: 'Unreachable' }]]],
    [
      {
        ...sweepEvent(),
        data: { ...sweepEvent().data, configuredPeriodSeconds: 600, unsettled: 4 },
      },
      [
        ['fleet_clusters', 1000, { state: 'all' }],
        ['fleet_clusters', 67, { state: 'tasked' }],
        ['fleet_clusters', 4, { state: 'unsettled' }],
        ['fleet_clusters', 0, { state: 'unreachable' }],
        ['sweep_stretch', 1.5, {}],
      ],
    ],
  ])('counts what an event reports: %#', (event, expected) => {
    const { meter, told } = recordMeter();
    observeEvent(event, meter, NOW);
    expect(told).toEqual(expected);
  });
});

describe('a task', () => {
  it('is measured, and so is the time from the push that led to it', async () => {
    const world = verifiedWorld();
    const { meter, told } = recordMeter();
    const pushedAt = new Date(world.deps.now().getTime() - 4_000).toISOString();
    const message = {
      ...messageOf(world, { cluster: 'cluster-1', reason: 'signature' }),
      attributes: { pushedAt },
    };
    world.pass(1_000);
    await handleTask(message, { ...world.deps, meter });
    await handleTask(message, { ...world.deps, meter });
    expect(told).toEqual([
      ['push_to_approved', 5, { reason: 'signature' }],
      ['task_duration', 0, { reason: 'signature', status: 'reconciled' }],
      ['task_duration', 0, { reason: 'signature', status: 'covered' }],
    ]);
  });

  it.each([
    ['is not measured as a push where it is none', 'sweep', {}, []],
    ['goes by its own publication without the attribute', 'push', {}, [1]],
    ['goes by its own publication where the attribute is no time', 'push', { pushedAt: 'x' }, [1]],
    ['never took less than no time', 'push', { pushedAt: '2999-01-01T00:00:00Z' }, [0]],
  ])('%s', async (_, reason, attributes, seconds) => {
    const world = verifiedWorld();
    const { meter, told } = recordMeter();
    const message = { ...messageOf(world, { cluster: 'cluster-1', reason }), attributes };
    world.pass(1_000);
    await handleTask(message, { ...world.deps, meter });
    const measured = told.filter(([name]) => name === 'push_to_approved');
    expect(measured.map(([, value]) => value)).toEqual(seconds);
  });

  it('that fails is measured as failed', async () => {
    const world = verifiedWorld();
    const { meter, told } = recordMeter();
    const message = messageOf(world, { cluster: 'cluster-1', reason: 'push' });
    const store = {
      ...world.deps.store,
      readCluster: () => Promise.reject(new CountersignError('store-unavailable', 'Gone')),
    };
    await expect(handleTask(message, { ...world.deps, store, meter })).rejects.toThrow('Gone');
    expect(told).toEqual([['task_duration', 0, { reason: 'push', status: 'failed' }]]);
  });
});

describe('a sweep', () => {
  it('reads off how far behind it is, and how many RSyncs are in each phase', async () => {
    const world = createSweepWorld(2);
    await world.round();
    world.syncAll(A);
    await world.round();
    world.pass(120_000);
    const { meter, told } = recordMeter();
    await handleSweep({ ...world.sweepDeps, meter });
    const value = (name: string) =>
      told.filter(([of]) => of === name).map(([, seconds]) => seconds);
    expect(value('sweep_lag')).toEqual([120]);
    expect(value('sweep_duration')).toEqual([0]);
    const phases = told
      .filter(([of]) => of === 'fleet_rsyncs')
      .map(([, count, labels]) => [labels, count]);
    expect(phases).toHaveLength(PHASES.length);
    expect(phases).toContainEqual([{ phase: 'Synced' }, 2]);
    expect(phases).toContainEqual([{ phase: 'Blocked' }, 0]);
  });
});

describe('calls to clusters', () => {
  it('are counted by attempt', async () => {
    const { meter, told } = recordMeter();
    const clock = { now: () => 0, sleep: async () => undefined };
    const pace = countCalls(createPace({ perMinute: 60, burst: 2, ...clock }), meter);
    await pace.run('c', 'list', async () => undefined);
    await expect(pace.run('c', 'patch', () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(told).toEqual([
      ['cluster_calls', 1, { verb: 'list' }],
      ['cluster_calls', 1, { verb: 'patch' }],
    ]);
    expect(pace.calls).toMatchObject({ list: 1, patch: 1 });
  });

  it('are counted by their code where they fail for good', async () => {
    const { meter, told } = recordMeter();
    const { fleet } = createFakeFleet({ c1: [] });
    const member = await fleet.find('c1');
    if (member === undefined) throw new Error('No such member');
    const fail = () => Promise.reject(new CountersignError('fleet-unavailable', 'Quota'));
    const connect = async (): Promise<ClusterApi> => ({
      ...(await fleet.connect(member)),
      list: fail,
      discover: fail,
    });
    const api = await countErrors({ ...fleet, connect }, meter).connect(member);
    await expect(api.list('RootSync', { limit: 1 })).rejects.toThrow('Quota');
    await expect(api.discover()).rejects.toThrow('Quota');
    expect(told).toEqual([
      ['cluster_errors', 1, { code: 'fleet-unavailable', verb: 'list' }],
      ['cluster_errors', 1, { code: 'fleet-unavailable', verb: 'discover' }],
    ]);
  });
});
