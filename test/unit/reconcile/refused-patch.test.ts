import { describe, expect, it } from 'vitest';
import { CountersignError } from '#shared/core/errors.ts';
import type { RSyncPatch } from '#shared/core/approve.ts';
import { IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { rsyncOf, run, verifiedWorld } from '#test/fixtures/reconcile-run.ts';
import { type ReconcileWorld, createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { IMAGE, buildRSync } from '#test/fixtures/rsync.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';

/** The same world, whose cluster refuses some patches. */
function refusing(
  world: ReconcileWorld,
  refuses: (patch: RSyncPatch) => CountersignError | undefined,
): ReconcileWorld {
  const { rsyncs } = world.deps;
  const deps = {
    ...world.deps,
    rsyncs: {
      ...rsyncs,
      async write(...[api, rsync, patch]: Parameters<typeof rsyncs.write>) {
        const refusal = refuses(patch);
        if (refusal === undefined) return rsyncs.write(api, rsync, patch);
        world.clusters.cluster(api.cluster).calls.push('refused');
        throw refusal;
      },
    },
  };
  return { ...world, deps };
}

const REFUSED = new CountersignError('cluster-refused', 'cannot modify Config Sync metadata');

function announces({ annotations }: RSyncPatch): boolean {
  return IMAGE_TO_SYNC in annotations;
}

describe('a patch that the cluster refuses', () => {
  it('is sent once more without the announcement, and the receipt says so', async () => {
    const world = refusing(verifiedWorld(), (patch) => (announces(patch) ? REFUSED : undefined));
    expect(await run(world)).toMatchObject({ status: 'reconciled', patched: 1 });
    const { annotations } = rsyncOf(world);
    expect(annotations.approved.text).toBe(A);
    expect(annotations.imageToSync).toBeUndefined();
    expect(JSON.parse(annotations.receipt.text ?? '')).toMatchObject({ announced: false });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'refused', 'patch']);
    expect(world.types()).toEqual(['sync.approved']);
    world.pass(1);
    await run(world);
    expect(world.clusters.cluster('cluster-1').calls.slice(3)).toEqual(['list']);
  });

  it('fails when even the approval is refused, after two tries', async () => {
    const world = refusing(verifiedWorld(), () => REFUSED);
    expect(await run(world)).toMatchObject({ status: 'reconciled', patched: 0 });
    const { calls } = world.clusters.cluster('cluster-1');
    expect(calls).toEqual(['list', 'refused', 'refused']);
    expect(world.types()).toEqual([]);
  });

  it('is tried again by itself where a webhook could not be asked', async () => {
    const away = new CountersignError('cluster-refused', 'failed calling webhook', { retry: true });
    const world = refusing(verifiedWorld(), () => away);
    expect(await run(world)).toMatchObject({ status: 'reconciled', unsettled: 1 });
    expect(world.clusters.cluster('cluster-1').calls).toEqual(['list', 'refused']);
  });

  it('has no pin either, which is reported once', async () => {
    const world = createReconcileWorld({
      clusters: { 'cluster-1': [buildRSync({ declared: true })] },
      rule: { effect: 'pin' },
    });
    world.tags.set(IMAGE, A);
    world.verdicts.set(A, VERIFIED).set(B, VERIFIED);
    const guarded = refusing(world, ({ image }) => (image === undefined ? undefined : REFUSED));
    await run(guarded);
    expect(rsyncOf(world)).toMatchObject({
      source: { image: IMAGE },
      annotations: { approved: { text: A } },
    });
    expect(world.types()).toEqual(['sync.approved', 'sync.blocked']);
    world.pass(1);
    await run(guarded);
    expect(world.types()).toHaveLength(2);
    const { calls } = world.clusters.cluster('cluster-1');
    expect(calls).toEqual(['list', 'refused', 'patch', 'list']);
  });
});
