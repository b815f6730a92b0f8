import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import { parseReceipt } from '#shared/configsync/read-rsync.ts';
import type { Task } from '#shared/core/task.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { OTHER_POLICY, POLICY, UNTRUSTED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { SYNC, TASK, rsyncOf, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { IMAGE, buildRSync, liveStatus, ociSource, textsOf } from '#test/fixtures/rsync.ts';

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

  it('of one image does not delay another, is never an approval, and is tried again', async () => {
    const world = twoImages();
    world.broken.set(other, new CountersignError('registry-unavailable', 'No answer'));
    expect(await run(world)).toMatchObject({ status: 'reconciled', unsettled: 1 });
    expect(rsyncOf(world).annotations.approved.text).toBe(A);
    expect(textsOf(rsyncOf(world, 'cluster-1', 'RootSync/shop'))).toEqual({});
    world.broken.clear();
    world.pass(1);
    await run(world);
    expect(rsyncOf(world, 'cluster-1', 'RootSync/shop').annotations.approved.text).toBe(B);
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

describe('what is published', () => {
  it('is published before it is recorded, and again with the same record replaced after a crash', async () => {
    const world = verifiedWorld();
    let broken = true;
    const deps = {
      ...world.deps,
      store: {
        ...world.deps.store,
        writeCluster: async (...args: Parameters<typeof world.deps.store.writeCluster>) => {
          if (broken) throw new CountersignError('store-unavailable', 'Killed here');
          return world.deps.store.writeCluster(...args);
        },
      },
    };
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    broken = false;
    await reconcileCluster(TASK, world.deps.now(), deps);
    // The receipt is older than the record: a failure of the cluster may have been published, and forgotten.
    expect(world.types()).toEqual(['sync.approved', 'sync.approved', 'cluster.recovered']);
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
      approvedAt: '2026-11-22T06:00:00Z',
      data: {
        image: IMAGE,
        digest: A,
        cluster: 'cluster-1',
        sync: SYNC,
        phase: 'Approved',
        verdict: 'verified',
        authorities: ['release-key'],
        reasons: [],
        reason: 'push',
        since: '2026-11-22T06:00:00.000Z',
        errors: [],
        message: 'Approved',
      },
    });
  });

  it('names who signed, of which sources it is, and who asked, in the event and in the receipt', async () => {
    const world = verifiedWorld();
    const signed = { source: 'sha256:s', format: 'bundle', authority: 'release-key' } as const;
    const candidates = [{ ...signed, identity: 'https://ci.example/release.yaml' }];
    world.verdicts.set(A, { status: 'verified', authorities: ['release-key'], candidates });
    world.notes.set(A, { revision: 'abc', source: 'https://github.com/acme/configs' });
    await run(world, { cluster: 'cluster-1', reason: 'resync', actor: 'ops@acme.example' });
    const release = {
      signer: 'https://ci.example/release.yaml',
      revision: 'abc',
      source: 'https://github.com/acme/configs',
      reason: 'resync',
      actor: 'ops@acme.example',
    };
    const published = world.events.map(({ type, data }) => [type, data]);
    expect(published).toContainEqual(['sync.approved', expect.objectContaining(release)]);
    const { receipt } = rsyncOf(world, 'cluster-1', SYNC).annotations;
    expect(JSON.parse(receipt.text ?? '')).toMatchObject(release);
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

  it('includes the verdict of an image where no push published it', async () => {
    const world = verifiedWorld();
    const sweep: Task = { cluster: 'cluster-1', reason: 'sweep', id: 's1' };
    await run(world, sweep);
    world.pass(1);
    await run(world, { ...sweep, id: 's2' });
    expect(world.types()).toEqual(['image.verified', 'sync.approved']);
    expect(world.events[0]).toMatchObject({ cause: 's1' });
  });

  it('is published once by clusters that come to an image together', async () => {
    const names = ['cluster-1', 'cluster-2', 'cluster-3'];
    const world = createReconcileWorld({
      clusters: Object.fromEntries(names.map((name) => [name, [buildRSync()]])),
    });
    world.tags.set(IMAGE, A);
    const tasks = names.map((cluster) => ({ cluster, reason: 'sweep', id: 's1' }) as const);
    await Promise.all(tasks.map((task) => run(world, task)));
    expect(world.types()).toEqual(['image.unsigned']);
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
    const receipt = parseReceipt(rsyncOf(world).annotations.receipt.text);
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
    // Not before a sweep has weighed it: see test/unit/reconcile/may-withdraw.test.ts.
    expect(rsyncOf(changed).annotations.approved.text).toBe(A);
    const decidedAt = changed.deps.now().toISOString();
    const note = { allowed: { [OTHER_POLICY]: decidedAt } };
    await changed.deps.store.writeNote('withdrawal', 'fleet', note);
    changed.pass(1);
    await run(changed);
    expect(rsyncOf(changed).annotations.approved.text).toBe('');
    expect(changed.types()).toEqual(['sync.withdrawn']);
  });
});
