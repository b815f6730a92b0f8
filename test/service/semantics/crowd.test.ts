import { afterEach, describe, expect, it, vi } from 'vitest';
import type { InjectFault } from '#test/fakes/kube-trouble.ts';
import { IDENTITY, ociSpec } from '#test/fixtures/config-sync-world.ts';
import { type SemanticsWorld, startSemanticsWorld } from '#test/fixtures/semantics-world.ts';
import { PATIENCE } from '#test/patience.ts';

let world: SemanticsWorld;

afterEach(() => world?.close());

/** RepoSyncs in as many namespaces, on one signed image; none is synced. */
async function crowd(count: number, fault?: InjectFault): Promise<string> {
  world = await startSemanticsWorld(fault === undefined ? {} : { kube: { fault } });
  await world.stop();
  const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
  world.sign(digest);
  for (let index = 0; index < count; index += 1) seed(namespaceOf(index));
  world.calls();
  return digest;
}

function namespaceOf(index: number): string {
  return `team-${`${index}`.padStart(4, '0')}`;
}

function seed(namespace: string, image = world.image(':v1')): void {
  world.kube.store.put('reposyncs', {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RepoSync',
    metadata: { name: 'repo-sync', namespace },
    spec: ociSpec(image),
  });
}

function approved(): string[] {
  return world.kube.store
    .list('reposyncs')
    .flatMap(({ metadata }) => metadata.annotations?.['countersign.dev/approved'] ?? []);
}

/** Runs `act` once, when Countersign's first patch arrives, before anything is done with it. */
function atFirstPatch(act: () => void): InjectFault {
  let done = false;
  return ({ verb, user }) => {
    if (verb !== 'patch' || user !== IDENTITY || done) return undefined;
    done = true;
    act();
    return undefined;
  };
}

describe('RSyncs of 250 namespaces in one cluster', () => {
  it('cost two lists and a patch each, eight at once, and two lists when nothing is to be done', async () => {
    let arrived = 0;
    let held = Promise.withResolvers<void>();
    const digest = await crowd(250, ({ verb, user }) => {
      if (verb !== 'patch' || user !== IDENTITY) return undefined;
      arrived += 1;
      return { kind: 'hold', until: held.promise };
    });
    const reconciling = world.reconcile();
    // None is answered before eight are there, or the last of all; a ninth at once would be one too many of the next.
    for (let expected = 8; expected < 258; expected += 8) {
      const whole = Math.min(expected, 250);
      await vi.waitFor(() => expect(arrived).toBeGreaterThanOrEqual(whole), PATIENCE);
      expect(arrived).toBe(whole);
      const { resolve } = held;
      held = Promise.withResolvers();
      resolve();
    }
    expect(await reconciling).toMatchObject({ status: 'reconciled', syncs: 250, patched: 250 });
    expect(world.calls()).toEqual({ list: 2, patch: 250 });
    expect(approved()).toEqual(Array.from({ length: 250 }, () => digest));
    expect(await world.reconcile()).toMatchObject({ patched: 0 });
    expect(world.calls()).toEqual({ list: 2 });
  });

  it('are looked up in the registry once for their one image', async () => {
    await crowd(250);
    const before = world.asked.length;
    await world.reconcile();
    const tags = world.asked.slice(before).filter((line) => line.endsWith('/manifests/v1'));
    expect(tags).toHaveLength(1);
  });
});

describe('more RSyncs than one page', () => {
  it('are all approved, by one more list', async () => {
    await crowd(501);
    expect(await world.reconcile()).toMatchObject({ syncs: 501, patched: 501 });
    expect(world.calls()).toEqual({ list: 3, patch: 501 });
    expect(approved()).toHaveLength(501);
  });
});

describe('RSyncs that come and go between list and patch', () => {
  it('that are gone are skipped, and reported nowhere', async () => {
    await crowd(
      3,
      atFirstPatch(() => remove(0)),
    );
    expect(await world.reconcile()).toMatchObject({ status: 'reconciled', syncs: 2, patched: 2 });
    expect(approved()).toHaveLength(2);
    expect(world.types().filter((type) => type.startsWith('sync.'))).toHaveLength(2);
  });

  it('that were created anew are left for the next look', async () => {
    const again = () => {
      remove(0);
      seed(namespaceOf(0));
    };
    await crowd(1, atFirstPatch(again));
    expect(await world.reconcile()).toMatchObject({ status: 'reconciled', syncs: 0, patched: 0 });
    expect(approved()).toEqual([]);
    expect(await world.reconcile()).toMatchObject({ patched: 1 });
  });

  it('that moved to another image are decided by what they are now', async () => {
    await crowd(
      1,
      atFirstPatch(() => edit(world.image(':v2'))),
    );
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v2');
    world.sign(second);
    expect(await world.reconcile()).toMatchObject({ patched: 1 });
    expect(approved()).toEqual([second]);
    expect(world.calls()).toEqual({ list: 2, patch: 2, get: 1 });
  });

  it('that moved to git are left alone', async () => {
    await crowd(
      1,
      atFirstPatch(() => edit(undefined)),
    );
    expect(await world.reconcile()).toMatchObject({ patched: 0 });
    expect(approved()).toEqual([]);
    expect(await world.row('RepoSync/team-0000/repo-sync')).toMatchObject({
      record: { phase: 'Ignored' },
    });
  });
});

function remove(index: number): void {
  const { store } = world.kube;
  store.commit('reposyncs', store.get('reposyncs', namespaceOf(index), 'repo-sync'));
}

function edit(image: string | undefined): void {
  const { store } = world.kube;
  const old = store.get('reposyncs', namespaceOf(0), 'repo-sync');
  if (old === undefined) throw new Error('No RepoSync');
  const spec = image === undefined ? { sourceType: 'git' } : ociSpec(image);
  store.commit('reposyncs', old, { ...old, spec });
}
