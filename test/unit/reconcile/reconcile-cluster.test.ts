import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { formatReceipt, parseReceipt } from '#shared/core/receipt.ts';
import type { Task } from '#shared/core/task.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { OTHER_POLICY, POLICY, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE, buildRSync, helmSource, liveStatus, ociSource } from '#test/fixtures/rsync.ts';

const TASK: Task = { cluster: 'cluster-1', reason: 'push', id: 'm1' };
const SYNC = 'RootSync/root-sync';

function run(world: ReconcileWorld, task: Task = TASK, publishedAt = world.deps.now()) {
  return reconcileCluster(task, publishedAt, world.deps);
}

function rsyncOf(world: ReconcileWorld, cluster = 'cluster-1', sync = SYNC) {
  const rsync = world.clusters.cluster(cluster).rsyncs.get(sync);
  if (rsync === undefined) throw new Error(`No ${sync} in ${cluster}`);
  return rsync;
}

/** One cluster with one RootSync on `IMAGE`, whose tag is A, which verifies. */
function verifiedWorld(rsync = buildRSync()): ReconcileWorld {
  const world = createReconcileWorld({ clusters: { 'cluster-1': [rsync] } });
  world.tags.set(IMAGE, A);
  for (const digest of [A, B, C]) world.verdicts.set(digest, VERIFIED);
  return world;
}

describe('reconcileCluster()', () => {
  it('lists once per kind, patches once, and tells once', async () => {
    const world = verifiedWorld();
    expect(await run(world)).toEqual({ status: 'reconciled', syncs: 1, patched: 1 });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'patch']);
    expect(rsyncOf(world).annotations.approved).toBe(A);
    expect(world.types()).toEqual(['sync.approved']);
  });

  it('changes and tells nothing the second time', async () => {
    const world = verifiedWorld();
    await run(world);
    world.pass(1_000);
    expect(await run(world)).toEqual({ status: 'reconciled', syncs: 1, patched: 0 });
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
    expect(rsyncOf(world).annotations).toEqual({});
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
    expect(rsyncOf(world).annotations).toEqual({});
    expect(rsyncOf(world, 'cluster-1', 'RepoSync/team-a/repo-sync').annotations.approved).toBe(
      'us-docker.pkg.dev/acme/charts/shop:1.2.3',
    );
    const record = await world.deps.store.readCluster('cluster-1');
    expect(record?.follows).toEqual(['us-docker.pkg.dev/acme/charts/shop']);
    expect(record?.syncs.map(({ sync, record: { phase } }) => [sync, phase])).toEqual([
      [SYNC, 'Ignored'],
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
    // A resolution of the same second that began before somebody else's approval of B.
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
    expect(rsyncOf(world).annotations.approved).toBe(B);
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list']);
  });

  it('reads, resolves and decides anew when somebody else was faster', async () => {
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
    expect(rsyncOf(world).annotations.approved).toBe(B);
    expect(world.events.map(({ type, data }) => [type, 'digest' in data && data.digest])).toEqual([
      ['sync.approved', B],
    ]);
  });

  it('gives up after five lost races, and a retry helps', async () => {
    const world = verifiedWorld();
    const cluster = world.clusters.cluster('cluster-1');
    cluster.beforeWrite = () => {
      const current = rsyncOf(world);
      const resourceVersion = `${Number(current.resourceVersion) + 1}`;
      cluster.rsyncs.set(SYNC, { ...current, resourceVersion });
    };
    await expect(run(world)).rejects.toMatchObject({ code: 'cluster-conflict', retry: true });
    expect(cluster.calls.filter((call) => call === 'patch')).toHaveLength(5);
    // Not completed: a later task is not taken for covered.
    expect((await world.deps.store.readCluster('cluster-1'))?.reconciledAt).toBeUndefined();
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

describe('a failure to check', () => {
  const other = 'us-docker.pkg.dev/acme/configs/shop:v1';
  function twoImages(): ReconcileWorld {
    const world = createReconcileWorld({
      clusters: {
        'cluster-1': [
          buildRSync({
            uid: 'u2',
            ref: { kind: 'RootSync', namespace: 'config-management-system', name: 'shop' },
            source: ociSource(other),
          }),
          buildRSync(),
        ],
      },
    });
    world.tags.set(IMAGE, A).set(other, B);
    world.verdicts.set(A, VERIFIED).set(B, VERIFIED);
    return world;
  }

  it('of one image does not hold up another, is never an approval, and is retried', async () => {
    const world = twoImages();
    world.broken.set(other, new CountersignError('registry-unavailable', 'No answer'));
    await expect(run(world)).rejects.toMatchObject({ code: 'registry-unavailable' });
    expect(rsyncOf(world).annotations.approved).toBe(A);
    expect(rsyncOf(world, 'cluster-1', 'RootSync/shop').annotations).toEqual({});
    world.broken.clear();
    world.pass(1);
    await run(world);
    expect(rsyncOf(world, 'cluster-1', 'RootSync/shop').annotations.approved).toBe(B);
    expect(world.types()).toEqual(['sync.approved', 'sync.approved']);
  });

  it('that no retry helps is acknowledged, and keeps what was known', async () => {
    const world = twoImages();
    await run(world);
    world.broken.set(other, new CountersignError('registry-denied', 'No permission'));
    world.pass(1);
    expect(await run(world)).toMatchObject({ status: 'reconciled' });
    const record = await world.deps.store.readCluster('cluster-1');
    expect(record?.syncs.find(({ uid }) => uid === 'u2')).toMatchObject({
      message: 'No permission',
      record: { phase: 'Approved' },
    });
  });
});

describe('what is told', () => {
  it('is published before it is recorded, and again with the same record replaced after a crash', async () => {
    const world = verifiedWorld();
    let broken = true;
    const deps = {
      ...world.deps,
      store: {
        ...world.deps.store,
        writeCluster: async (...args: Parameters<typeof world.deps.store.writeCluster>) => {
          if (broken) throw new CountersignError('store-unavailable', 'Killed here');
          await world.deps.store.writeCluster(...args);
        },
      },
    };
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    broken = false;
    await reconcileCluster(TASK, world.deps.now(), deps);
    expect(world.types()).toEqual(['sync.approved', 'sync.approved']);
    const [first, second] = world.events;
    expect(second).toMatchObject({ uid: 'uid-1', replaced: undefined });
    expect(first).toMatchObject({ uid: 'uid-1', replaced: undefined });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'patch', 'list']);
  });

  it('names everything a subscriber needs', async () => {
    const world = verifiedWorld();
    await run(world);
    expect(world.events[0]).toEqual({
      type: 'sync.approved',
      uid: 'uid-1',
      replaced: undefined,
      data: {
        image: IMAGE,
        digest: A,
        cluster: 'cluster-1',
        sync: SYNC,
        phase: 'Approved',
        verdict: 'verified',
        authorities: ['release-key'],
        reasons: [],
        since: '2026-11-22T06:00:00.000Z',
        errors: [],
        message: 'Approved',
      },
    });
  });

  it('is a WARNING where the policy allows unsigned images', async () => {
    const world = verifiedWorld();
    world.verdicts.set(A, {
      status: 'verified',
      authorities: [],
      candidates: [],
      allowedUnsigned: true,
    });
    await run(world);
    expect(world.events[0]).toMatchObject({ type: 'sync.approved', severity: 'WARNING' });
  });

  it('includes the verdict of an image where no push told it', async () => {
    const world = verifiedWorld();
    const sweep: Task = { cluster: 'cluster-1', reason: 'sweep', id: 's1' };
    await run(world, sweep);
    world.pass(1);
    await run(world, { ...sweep, id: 's2' });
    expect(world.types()).toEqual(['image.verified', 'sync.approved']);
    expect(world.events[0]).toMatchObject({ cause: 's1' });
  });

  it('ends the failure of an RSync that is gone', async () => {
    const world = verifiedWorld(
      buildRSync({ status: { ...liveStatus(C), lastSyncedCommit: 'c'.repeat(64) } }),
    );
    world.verdicts.delete(C);
    await run(world);
    expect(world.types()).toEqual(['sync.approved', 'sync.unguarded']);
    world.clusters.cluster('cluster-1').rsyncs.clear();
    world.pass(1);
    await run(world);
    expect(world.types().slice(2)).toEqual(['sync.recovered']);
    world.pass(1);
    await run(world);
    expect(world.types().slice(3)).toEqual([]);
  });
});

describe('a changed policy', () => {
  it('has every approved digest judged again, and withdraws those that fail', async () => {
    const world = verifiedWorld();
    await run(world);
    const receipt = parseReceipt(rsyncOf(world).annotations.receipt);
    expect(receipt?.policy).toBe(POLICY);
    const changed = createReconcileWorld({
      clusters: { 'cluster-1': [rsyncOf(world)] },
      policyHash: OTHER_POLICY,
    });
    changed.tags.set(IMAGE, A);
    changed.verdicts.set(A, UNTRUSTED);
    const record = await world.deps.store.readCluster('cluster-1');
    if (record === undefined) throw new Error('No record');
    await changed.deps.store.writeCluster(record);
    changed.pass(1);
    await run(changed);
    expect(rsyncOf(changed).annotations.approved).toBe('');
    expect(changed.types()).toEqual(['sync.withdrawn']);
  });
});
