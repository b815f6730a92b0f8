import { describe, expect, it } from 'vitest';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { rsyncOf } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, buildRSync, liveStatus, annotationsOf } from '#test/fixtures/rsync.ts';
import { createSweepWorld } from '#test/fixtures/sweep-world.ts';

describe('handleSweep()', () => {
  it('tasks clusters, and says that it completed', async () => {
    const world = createSweepWorld(2);
    await world.sweep();
    expect(world.tasks).toEqual([
      { cluster: 'c1', reason: 'sweep', id: 's1' },
      { cluster: 'c2', reason: 'sweep', id: 's1' },
    ]);
    expect(world.events).toEqual([
      {
        type: 'sweep.completed',
        data: {
          id: 's1',
          clusters: 2,
          tasked: 2,
          unsettled: 2,
          unreachable: 0,
          periodSeconds: 900,
          configuredPeriodSeconds: 900,
          breakGlass: [],
          since: '2026-11-22T06:00:00.000Z',
          errors: [],
          message: 'Tasked 2 of 2 clusters',
        },
      },
    ]);
  });

  it('says nothing when the tasks could not be published, and tasks them again', async () => {
    const world = createSweepWorld(1);
    const broken = {
      ...world.sweepDeps,
      publishTasks: () => Promise.reject(new Error('No broker')),
    };
    await expect(handleSweep(broken)).rejects.toThrow('No broker');
    expect(world.types()).toEqual([]);
    await world.sweep();
    expect(world.tasks).toHaveLength(1);
  });

  it('does not task a cluster again whose task is unread', async () => {
    const world = createSweepWorld(1);
    await world.sweep();
    world.pass(60_000);
    await world.sweep();
    expect(world.tasks).toHaveLength(1);
    await world.deliver();
    world.pass(60_000);
    await world.sweep();
    expect(world.tasks).toHaveLength(1);
  });

  it('that runs twice at once does no harm', async () => {
    const world = createSweepWorld(3);
    await Promise.all([world.sweep(), world.sweep()]);
    await world.deliver();
    expect(world.published('sync.approved')).toHaveLength(3);
    world.syncAll(A);
    await world.round();
    expect(world.published('sync.synced')).toHaveLength(3);
  });

  it('counts the unreachable and names where the glass is broken, every time', async () => {
    const world = createSweepWorld(3, () =>
      buildRSync({ annotations: { breakGlass: `${D} outage 7` } }),
    );
    world.clusters.cluster('c3').down = 'cluster-unreachable';
    await world.round();
    await world.round();
    await world.round();
    for (const event of world.published('sweep.completed').slice(1)) {
      expect(event.data).toMatchObject({
        unreachable: 1,
        breakGlass: ['c1/RootSync/root-sync', 'c2/RootSync/root-sync'],
      });
    }
  });

  it('says what of the fleet could not be listed, and that its period is stretched', async () => {
    const world = createSweepWorld(30);
    world.unlisted.push('projects/p/locations/l');
    world.settings.callsPerMinute = 2;
    await world.sweep();
    expect(world.published('sweep.completed')).toMatchObject([
      {
        data: {
          tasked: 1,
          periodSeconds: 1800,
          configuredPeriodSeconds: 900,
          errors: [{ code: 'fleet-unavailable' }],
          message: 'Tasked 1 of 30 clusters; 29 wait for the budget of calls',
        },
      },
    ]);
  });

  it('fails with the fleet or the store, and then completes nothing', async () => {
    const world = createSweepWorld(1);
    const failure = new CountersignError('fleet-unavailable', 'No Hub');
    const fleet = { list: () => Promise.reject(failure) };
    await expect(handleSweep({ ...world.sweepDeps, fleet })).rejects.toThrow(failure);
    expect(world.types()).toEqual([]);
  });
});

describe('the sweep alone', () => {
  it('brings a fleet to where the registry says when every push is lost', async () => {
    const world = createSweepWorld(3);
    await world.round();
    world.syncAll(A);
    await world.round();
    world.tags.set(IMAGE, B);
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    for (const name of ['c1', 'c2', 'c3']) {
      expect(rsyncOf(world, name).annotations.approved.text).toBe(`${B} ${A}`);
    }
  });

  it('approves a late signature whose event was lost', async () => {
    const world = createSweepWorld(1);
    world.verdicts.set(A, UNSIGNED);
    await world.round();
    expect(rsyncOf(world, 'c1').annotations.approved.text).toBeUndefined();
    world.verdicts.set(A, VERIFIED);
    await world.round();
    expect(rsyncOf(world, 'c1').annotations.approved.text).toBe(A);
    expect(world.types().filter((type) => type.startsWith('image.'))).toEqual([
      'image.unsigned',
      'image.verified',
    ]);
  });

  it('finds an RSync that was re-created, and one that was created', async () => {
    const world = createSweepWorld(1);
    await world.round();
    world.syncAll(A);
    await world.round();
    const { rsyncs } = world.clusters.cluster('c1');
    rsyncs.set('RootSync/root-sync', buildRSync({ uid: 'again' }));
    const ref = { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' } as const;
    rsyncs.set('RepoSync/team-a/repo-sync', buildRSync({ uid: 'new', ref }));
    for (let minute = 0; minute < 16; minute += 1) await world.round();
    for (const rsync of rsyncs.values()) expect(rsync.annotations.approved.text).toBe(A);
  });

  it('reports a digest that is live without approval, and its end', async () => {
    const world = createSweepWorld(1, () => buildRSync({ status: liveStatus(D) }));
    await world.round();
    expect(world.types()).toContain('sync.unguarded');
    world.syncAll(A);
    await world.round();
    expect(world.types()).toContain('sync.synced');
    expect(world.published('sync.recovered')).toHaveLength(1);
  });

  it('reports a tag that was moved back by hand as a downgrade', async () => {
    const world = createSweepWorld(1);
    await world.round();
    world.tags.set(IMAGE, B);
    await world.round();
    world.tags.set(IMAGE, A);
    await world.round();
    expect(rsyncOf(world, 'c1').annotations.approved.text).toBe(`${A} ${B}`);
    expect(world.published('sync.approved').at(-1)).toMatchObject({
      severity: 'WARNING',
      data: { digest: A, message: 'Approved; its tag moved back to an older digest' },
    });
  });

  it('puts back what was tampered with', async () => {
    const world = createSweepWorld(1);
    await world.round();
    const { rsyncs } = world.clusters.cluster('c1');
    for (const texts of [{}, { approved: '' }, { approved: C }, { approved: 'x y z' }]) {
      const rsync = rsyncOf(world, 'c1');
      rsyncs.set('RootSync/root-sync', { ...rsync, annotations: annotationsOf(texts) });
      world.verdicts.set(C, UNSIGNED);
      await world.round();
      expect(rsyncOf(world, 'c1').annotations.approved.text).toBe(A);
    }
  });
});
