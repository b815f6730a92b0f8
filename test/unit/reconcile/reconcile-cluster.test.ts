import { describe, expect, it } from 'vitest';
import { formatReceipt } from '#shared/core/receipt.ts';
import type { Task } from '#shared/core/task.ts';
import { POLICY, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { SYNC, TASK, rsyncOf, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, buildRSync, helmSource, ociSource, textsOf } from '#test/fixtures/rsync.ts';

describe('reconcileCluster()', () => {
  it('lists once per kind, patches once, and publishes once', async () => {
    const world = verifiedWorld();
    expect(await run(world)).toEqual({
      status: 'reconciled',
      syncs: 1,
      patched: 1,
      unsettled: 0,
    });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'patch']);
    expect(rsyncOf(world).annotations.approved.text).toBe(A);
    expect(world.types()).toEqual(['sync.approved']);
  });

  it('changes and publishes nothing the second time', async () => {
    const world = verifiedWorld();
    await run(world);
    world.pass(1_000);
    expect(await run(world)).toMatchObject({ patched: 0, unsettled: 0 });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'patch', 'list']);
    expect(world.types()).toEqual(['sync.approved']);
  });

  it('acknowledges unread what was published before the start of the last completed reconcile', async () => {
    const world = verifiedWorld();
    const earlier = world.deps.now();
    world.pass(5);
    await run(world);
    expect(await run(world, TASK, earlier)).toEqual({ status: 'covered' });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'patch']);
  });

  it('knows no cluster but those of the fleet (law 7)', async () => {
    const world = verifiedWorld();
    const task: Task = { ...TASK, cluster: '../../admin' };
    expect(await run(world, task)).toEqual({ status: 'unknown-cluster' });
    expect(world.clusters.cluster('cluster-1').calls).toEqual([]);
    expect(world.resolved).toEqual([]);
  });

  it('approves nothing unsigned or untrusted, whatever the task says (laws 3 and 7)', async () => {
    const world = verifiedWorld();
    world.verdicts.clear();
    await run(world, { ...TASK, reason: 'push', image: `${IMAGE}@${A}` });
    world.verdicts.set(A, UNTRUSTED);
    world.pass(1_000);
    await run(world);
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'list']);
    expect(textsOf(rsyncOf(world))).toEqual({});
  });

  it('leaves alone what the config does not name, and remembers what the others follow', async () => {
    const world = createReconcileWorld({
      clusters: {
        'cluster-1': [
          buildRSync({ uid: 'u1', source: ociSource('gcr.io/else/where:v1') }),
          buildRSync({
            uid: 'u2',
            ref: { kind: 'RepoSync', namespace: 'team-a', name: 'repo-sync' },
            source: helmSource('1.2.3'),
          }),
        ],
      },
    });
    world.tags.set('us-docker.pkg.dev/acme/charts/shop:1.2.3', A);
    world.verdicts.set(A, VERIFIED);
    await run(world);
    expect(textsOf(rsyncOf(world))).toEqual({});
    expect(rsyncOf(world, 'cluster-1', 'RepoSync/team-a/repo-sync').annotations.approved.text).toBe(
      'us-docker.pkg.dev/acme/charts/shop:1.2.3',
    );
    const record = await world.deps.store.readCluster('cluster-1');
    expect(record?.follows).toEqual(['us-docker.pkg.dev/acme/charts/shop']);
    expect(record?.syncs.map(({ sync, record: { phase } }) => [sync, phase])).toEqual([
      [SYNC, 'Refused'],
      ['RepoSync/team-a/repo-sync', 'Approved'],
    ]);
  });

  it('does not follow an image in clusters that its rule does not select', async () => {
    const world = createReconcileWorld({
      clusters: { 'cluster-1': [buildRSync()] },
      labels: { 'cluster-1': { tier: 'sandbox' } },
      rule: { clusters: 'tier != sandbox' },
    });
    world.tags.set(IMAGE, A);
    world.verdicts.set(A, VERIFIED);
    await run(world);
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list']);
    expect(world.resolved).toEqual([]);
  });

  it('resolves an image once for all RSyncs that follow it', async () => {
    const refs = ['blue', 'green'].map((name) =>
      buildRSync({
        uid: name,
        ref: { kind: 'RootSync', namespace: 'config-management-system', name },
      }),
    );
    const world = createReconcileWorld({ clusters: { 'cluster-1': refs } });
    world.tags.set(IMAGE, A);
    world.verdicts.set(A, VERIFIED);
    expect(await run(world)).toMatchObject({ patched: 2 });
    expect(world.resolved).toEqual([IMAGE]);
  });
});

describe('law 4: a newer answer is never overwritten by an older one', () => {
  it('resolves afresh where the approval in place is not older than a shared resolution', async () => {
    const receipt = formatReceipt({
      image: IMAGE,
      digest: B,
      verdict: 'verified',
      authorities: [],
      policy: POLICY,
      resolvedAt: '2026-11-22T06:00:00Z',
      approvedAt: '2026-11-22T06:00:00Z',
      enforcement: 'digest',
      reason: 'push',
    });
    const world = verifiedWorld(buildRSync({ annotations: { approved: B, receipt } }));
    const resolver = world.deps.resolver;
    // A resolution of the same second that began before another writer's approval of B.
    const stale = await resolver.resolve(
      {
        host: 'us-docker.pkg.dev',
        path: 'acme/configs/platform',
        repository: 'us-docker.pkg.dev/acme/configs/platform',
        tag: 'v1',
      },
      world.deps.now(),
    );
    expect(stale.image).toMatchObject({ digest: A });
    world.tags.set(IMAGE, B);
    await run(world);
    expect(world.resolved).toEqual([IMAGE, IMAGE]);
    expect(rsyncOf(world).annotations.approved.text).toBe(B);
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list']);
  });

  it('reads, resolves and decides anew when another writer was faster', async () => {
    const world = verifiedWorld();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.beforeWrite = () => {
      delete cluster.beforeWrite;
      // Meanwhile the tag moved, and another instance approved what it found.
      world.tags.set(IMAGE, B);
      cluster.rsyncs.set(SYNC, { ...rsyncOf(world), resourceVersion: '99' });
    };
    await run(world);
    expect(cluster.calls).toEqual(['list', 'patch', 'get', 'patch']);
    expect(rsyncOf(world).annotations.approved.text).toBe(B);
    expect(world.events.map(({ type, data }) => [type, 'digest' in data && data.digest])).toEqual([
      ['sync.approved', B],
    ]);
  });

  it('gives up after five lost races, and tries again by itself', async () => {
    const world = verifiedWorld();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.beforeWrite = () => {
      const current = rsyncOf(world);
      const resourceVersion = `${Number(current.resourceVersion) + 1}`;
      cluster.rsyncs.set(SYNC, { ...current, resourceVersion });
    };
    expect(await run(world)).toMatchObject({ status: 'reconciled', unsettled: 1 });
    expect(cluster.calls.filter((call) => call === 'patch')).toHaveLength(5);
    const record = await world.deps.store.readCluster('cluster-1');
    expect(record?.syncs[0]?.unsettled).toMatchObject({ code: 'cluster-conflict', attempts: 1 });
  });

  it('leaves alone an RSync that was re-created in between', async () => {
    const world = verifiedWorld();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.beforeWrite = () => {
      cluster.rsyncs.set(SYNC, buildRSync({ uid: 'uid-2', resourceVersion: '99' }));
    };
    await run(world);
    expect(rsyncOf(world)).toMatchObject({ uid: 'uid-2', annotations: {} });
    expect(world.types()).toEqual([]);
  });
});

describe('law 5: one cluster never blocks another', () => {
  it.each([
    ['cluster-unreachable', 'Unreachable'],
    ['cluster-forbidden', 'Forbidden'],
    ['no-config-sync', 'NoConfigSync'],
  ] as const)('acknowledges %s, tells it once, and its end once', async (code, phase) => {
    const world = verifiedWorld();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.down = code;
    expect(await run(world)).toEqual({ status: 'unreachable' });
    expect(await run(world)).toEqual({ status: 'unreachable' });
    expect(world.events).toMatchObject([{ type: 'cluster.unreachable', data: { phase } }]);
    delete cluster.down;
    world.pass(1);
    await run(world);
    expect(world.types()).toEqual(['cluster.unreachable', 'sync.approved', 'cluster.recovered']);
  });

  it('keeps what an unreachable cluster was known to follow', async () => {
    const world = verifiedWorld();
    await run(world);
    world.clusters.cluster('cluster-1').down = 'cluster-unreachable';
    world.pass(1);
    await run(world);
    const record = await world.deps.store.readCluster('cluster-1');
    expect(record).toMatchObject({ phase: 'Unreachable', syncs: [{ sync: SYNC }] });
    expect(record?.follows).toEqual(['us-docker.pkg.dev/acme/configs/platform']);
  });

  it('throws what is not the fault of the cluster', async () => {
    const world = verifiedWorld();
    world.clusters.cluster('cluster-1').down = 'fleet-unavailable';
    await expect(run(world)).rejects.toMatchObject({ code: 'fleet-unavailable' });
    expect(world.types()).toEqual([]);
  });
});
