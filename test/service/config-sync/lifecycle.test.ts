import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConfigSyncWorld,
  hexOf,
  ociSpec,
  REPO,
  ROOT,
  startWorld,
} from '#test/fixtures/config-sync-world.ts';

let world: ConfigSyncWorld;

afterEach(() => world?.close());

function patchesOf(name: string): number {
  const { requests } = world.kube.store;
  return requests.filter(({ verb, user }) => verb === 'patch' && user.endsWith(name)).length;
}

describe('Config Sync stand-in', () => {
  it('stops the reconciler of a deleted RSync, and starts anew for one created again', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.create(ociSpec(world.image(':v1')), REPO);
    await world.until(
      () => patchesOf('root-reconciler') > 1 && patchesOf('ns-reconciler-team-a') > 1,
    );
    await world.remove();
    const other = () => patchesOf('ns-reconciler-team-a');
    const settled = other() + 2;
    await world.until(() => other() > settled);
    const [left, then] = [patchesOf('root-reconciler'), other() + 4];
    await world.until(() => other() > then);
    expect(patchesOf('root-reconciler')).toBe(left);
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(world.errors).toEqual([]);
  });

  it('stops the reconciler of an RSync that a finalizer still holds', async () => {
    world = await startWorld();
    await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.create(ociSpec(world.image(':v1')), REPO);
    await world.patch({ metadata: { finalizers: ['a.example/hold'] } });
    await world.until(
      () => patchesOf('root-reconciler') > 1 && patchesOf('ns-reconciler-team-a') > 1,
    );
    await world.remove();
    const other = () => patchesOf('ns-reconciler-team-a');
    const settled = other() + 2;
    await world.until(() => other() > settled);
    const [left, then] = [patchesOf('root-reconciler'), other() + 4];
    await world.until(() => other() > then);
    expect(patchesOf('root-reconciler')).toBe(left);
    await world.patch({ metadata: { finalizers: null } });
  });

  it('goes on syncing one that is being deleted with a foreign finalizer alone', async () => {
    let late = false;
    world = await startWorld({
      kube: {
        // The race is won for certain: neither controller gets its finalizer back in time.
        forbid: ({ verb, user, target }) =>
          late && verb === 'update' && user !== 'admin' && target?.subresource === undefined,
      },
    });
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(first));
    await world.until(() => world.get()?.metadata.finalizers?.length === 2);
    late = true;
    await world.patch({ metadata: { finalizers: ['a.example/hold'] } });
    await world.remove();
    late = false;
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    await world.until(() => world.status().lastSyncedCommit === hexOf(second));
    expect(world.get()?.metadata.finalizers).toEqual(['a.example/hold']);
    expect(world.condition('ReconcilerFinalizing')).toBeUndefined();
    await world.patch({ metadata: { finalizers: null } });
    await world.until(() => world.get() === undefined);
  });

  it.each([
    [
      'refuses everything',
      { kind: 'status', code: 503, reason: 'ServiceUnavailable', message: 'no' },
    ],
    ['cuts connections', { kind: 'drop' }],
  ] as const)('goes on after an API server that %s', async (_, fault) => {
    let broken = true;
    world = await startWorld({
      kube: { fault: ({ user }) => (broken && user !== 'admin' ? fault : undefined) },
    });
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.errors.length > 3);
    expect(world.errors[0]?.message).toMatch(/^Config Sync of cluster-1: /);
    broken = false;
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    // And once more while a reconciler is at work.
    broken = true;
    const seen = world.errors.length;
    await world.until(() => world.errors.length > seen);
    broken = false;
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    await world.until(() => world.status().lastSyncedCommit === hexOf(second));
  });

  it('begins its watch anew when the history that it needs is gone', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.until(() => world.kube.store.subscribers() === 2);
    world.kube.store.expire();
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(world.kube.store.requests.filter(({ verb }) => verb === 'list')).toHaveLength(2);
  });

  it('needs one list and one watch a kind, whatever happens', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    await world.until(() => world.status().lastSyncedCommit === hexOf(second));
    const verbs = world.kube.store.requests.map(({ verb }) => verb);
    expect(verbs.filter((verb) => verb === 'list')).toHaveLength(2);
    expect(verbs.filter((verb) => verb === 'watch')).toHaveLength(2);
  });

  it('asks nothing of any server after close', async () => {
    world = await startWorld();
    await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => patchesOf('root-reconciler') > 1);
    await world.stop();
    await world.until(() => world.kube.store.subscribers() === 0);
    const [pulls, requests] = [world.asked.length, world.kube.store.requests.length];
    await world.create(ociSpec(world.image(':v1')), REPO);
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.asked).toHaveLength(pulls);
    expect(world.kube.store.requests).toHaveLength(requests + 1);
    expect(world.get(ROOT)).toBeDefined();
  });
});
