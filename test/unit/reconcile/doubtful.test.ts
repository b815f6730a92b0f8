import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReference, parseReference } from '#shared/core/reference.ts';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { publishUnchecked, publishVerdict } from '#shared/reconcile/publish-verdict.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { POLICY, resolvedTo, VERIFIED } from '#test/fixtures/decision.ts';
import { A, D } from '#test/fixtures/digests.ts';
import { rsyncOf, run, SYNC, TASK, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import type { ReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE, buildRSync, liveStatus, ociSource } from '#test/fixtures/rsync.ts';

const PAUSED = 'RepoSync/team-a/other';

/** Publications of `type` get through, and are reported as failed. */
function withLostAnswer(world: ReconcileWorld, type: string): ReconcileDeps {
  return {
    ...world.deps,
    publish: async (event) => {
      await world.deps.publish(event);
      if (event.type === type) throw new CountersignError('publish-failed', 'No answer');
    },
  };
}

function runs(world: ReconcileWorld, digest: typeof A): void {
  const rsync = { ...rsyncOf(world), status: liveStatus(digest) };
  world.clusters.cluster('cluster-1').rsyncs.set(SYNC, rsync);
}

async function settled(): Promise<ReconcileWorld> {
  const world = verifiedWorld();
  world.verdicts.delete(D);
  await run(world);
  runs(world, A);
  world.pass(1_000);
  await run(world);
  world.events.length = 0;
  return world;
}

describe('a failure whose publication had no answer', () => {
  it('is reported as over, even if nothing is wrong by the next look', async () => {
    const world = await settled();
    runs(world, D);
    world.pass(1_000);
    const deps = withLostAnswer(world, 'sync.unguarded');
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({
      code: 'publish-failed',
    });
    runs(world, A);
    world.pass(1_000);
    await run(world);
    expect(world.types()).toEqual(['sync.unguarded', 'sync.recovered']);
    world.pass(1_000);
    await run(world);
    expect(world.types()).toHaveLength(2);
  });

  it('is published again under the same id, if it lasts', async () => {
    const world = await settled();
    runs(world, D);
    world.pass(1_000);
    const deps = withLostAnswer(world, 'sync.unguarded');
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toThrow('No answer');
    world.pass(1_000);
    await run(world);
    expect(world.types()).toEqual(['sync.unguarded', 'sync.unguarded']);
    expect(new Set(world.events.map(eventIdOf)).size).toBe(1);
  });

  it('is reported as over at first sight, too', async () => {
    const world = verifiedWorld();
    world.verdicts.delete(D);
    runs(world, D);
    const deps = withLostAnswer(world, 'sync.unguarded');
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toThrow('No answer');
    runs(world, A);
    world.pass(1_000);
    await run(world);
    expect(world.types()).toContain('sync.recovered');
  });

  it('leaves the phase of another one that is not looked at in between', async () => {
    const other = 'us-docker.pkg.dev/acme/configs/other:v1';
    const ref = { kind: 'RepoSync', namespace: 'team-a', name: 'other' } as const;
    const paused = buildRSync({ ref, uid: 'other', source: ociSource(other) });
    const world = await settled();
    const { rsyncs } = world.clusters.cluster('cluster-1');
    world.tags.set(other, A);
    rsyncs.set(PAUSED, { ...paused, status: liveStatus(D, other) });
    const sweep = { ...TASK, reason: 'sweep' } as const;
    await run(world, sweep);
    world.broken.set(other, new CountersignError('registry-unavailable', 'Down'));
    for (const _ of [1, 2, 3]) {
      world.pass(61_000);
      await run(world, sweep);
    }
    runs(world, D);
    world.pass(1_000);
    const deps = withLostAnswer(world, 'sync.unguarded');
    await expect(reconcileCluster(sweep, world.deps.now(), deps)).rejects.toThrow('No answer');
    const record = await world.deps.store.readCluster('cluster-1');
    const row = record?.syncs.find(({ sync }) => sync === PAUSED);
    expect(row?.unsettled?.attempts).toBe(3);
    expect(row?.record.phase).toBe('Unguarded');
  });

  it('is reported as over of a cluster', async () => {
    const world = await settled();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.down = 'cluster-unreachable';
    const deps = withLostAnswer(world, 'cluster.unreachable');
    world.pass(1_000);
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toThrow('No answer');
    delete cluster.down;
    world.pass(1_000);
    await run(world);
    world.pass(1_000);
    await run(world);
    expect(world.types()).toEqual(['cluster.unreachable', 'cluster.recovered']);
  });

  it('is reported as over of an image that could not be checked', async () => {
    const world = verifiedWorld();
    const reference = parseReference(IMAGE);
    const judged = { reference, resolution: resolvedTo(A), verdict: VERIFIED, policy: POLICY };
    await publishVerdict(judged, 'm1', world.deps);
    const failure = new CountersignError('registry-unavailable', 'Down');
    const deps = withLostAnswer(world, 'image.unchecked');
    await expect(publishUnchecked(reference, failure, 'm2', deps)).rejects.toThrow('No answer');
    await publishUnchecked(reference, failure, 'm2', world.deps);
    await publishUnchecked(reference, failure, 'm3', world.deps);
    await publishVerdict(judged, 'm2', world.deps);
    expect(world.types()).toEqual([
      'image.verified',
      'image.unchecked',
      'image.unchecked',
      'image.verified',
    ]);
    expect(world.events[0]?.data).toMatchObject({ image: formatReference(reference) });
  });
});

describe('two reconciles of one cluster in two processes', () => {
  it('do not overwrite what the other one recorded: the later looks again', async () => {
    const world = await settled();
    const cluster = world.clusters.cluster('cluster-1');
    world.pass(1_000);
    // The other one begins before, ends in between, and finds the cluster out of reach.
    const deps: ReconcileDeps = {
      ...world.deps,
      rsyncs: {
        ...world.deps.rsyncs,
        list: async (api) => {
          const listed = await world.deps.rsyncs.list(api);
          cluster.down = 'cluster-unreachable';
          await run(world);
          delete cluster.down;
          return listed;
        },
      },
    };
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({
      code: 'cluster-conflict',
      retry: true,
    });
    world.pass(1_000);
    await run(world);
    expect(world.types()).toEqual(['cluster.unreachable', 'cluster.recovered']);
  });
});

describe('what is published where the record was lost', () => {
  it.each([['cluster.recovered'], ['sync.recovered']])(
    'is another %s each time, and the same for the same task',
    async (type) => {
      const world = await settled();
      for (const task of [1, 2]) {
        world.pass(1_000);
        const publishedAt = world.deps.now();
        for (const delivery of [1, 2]) {
          await world.deps.store.deleteCluster('cluster-1');
          world.pass(1_000);
          await run(world, TASK, publishedAt);
          expect(world.types().filter((told) => told === type)).toHaveLength(
            2 * task - 2 + delivery,
          );
        }
      }
      const ids = world.events.filter((told) => told.type === type).map(eventIdOf);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[3]).toBe(ids[2]);
      expect(ids[2]).not.toBe(ids[0]);
    },
  );

  it('is published by one of two reconciles at once', async () => {
    const world = await settled();
    await world.deps.store.deleteCluster('cluster-1');
    const meanwhile = new Date(world.deps.now().getTime() - 1_000);
    const deps: ReconcileDeps = {
      ...world.deps,
      rsyncs: {
        ...world.deps.rsyncs,
        list: async (api) => {
          const listed = await world.deps.rsyncs.list(api);
          await run(world, TASK, meanwhile);
          return listed;
        },
      },
    };
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({
      code: 'cluster-conflict',
      retry: true,
    });
    world.pass(1_000);
    await run(world);
    expect(world.types().filter((type) => type === 'cluster.recovered')).toHaveLength(1);
  });

  it('has one id for two tasks, the first of which failed half-way', async () => {
    const world = await settled();
    await world.deps.store.deleteCluster('cluster-1');
    const deps = withLostAnswer(world, 'cluster.recovered');
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({
      code: 'publish-failed',
    });
    world.pass(1_000);
    await run(world, TASK, world.deps.now());
    for (const type of ['sync.recovered', 'cluster.recovered']) {
      const ids = world.events.filter((event) => event.type === type).map(eventIdOf);
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(1);
    }
  });
});
