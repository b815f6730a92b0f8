import { afterEach, describe, expect, it } from 'vitest';
import {
  type ConfigSyncWorld,
  hexOf,
  ociSpec,
  REPO,
  ROOT,
  type SeenStatus,
  startWorld,
} from '#test/fixtures/config-sync-world.ts';

let world: ConfigSyncWorld;

afterEach(() => world?.close());

describe('Config Sync stand-in on an image', () => {
  it.each([
    [ROOT, 'root-reconciler'],
    [REPO, 'ns-reconciler-team-a'],
  ])('announces and syncs a pushed tag for $plural', async (place, reconciler) => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'ns.yaml': 'kind: Namespace' }, 'v1');
    await world.create(ociSpec(world.image(':v1')), place);
    await world.until(() => world.status(place).lastSyncedCommit === hexOf(digest));
    expect(world.annotation(place)).toBe(`${world.image(':v1')}@${digest}`);
    const stage = {
      commit: hexOf(digest),
      ociStatus: { image: world.image(':v1'), dir: '.' },
      errorSummary: {},
      lastUpdate: expect.any(String),
    };
    expect(world.status(place)).toEqual({
      // The period that reconciler-manager spells out is a change of the spec.
      observedGeneration: 2,
      reconciler,
      lastSyncedCommit: hexOf(digest),
      source: stage,
      rendering: { ...stage, message: 'Rendering skipped' },
      sync: stage,
      conditions: [
        {
          type: 'Reconciling',
          status: 'False',
          lastUpdateTime: expect.any(String),
          lastTransitionTime: expect.any(String),
        },
        {
          type: 'Syncing',
          status: 'False',
          reason: 'Sync',
          message: 'Sync Completed',
          commit: hexOf(digest),
          errorSummary: {},
          lastUpdateTime: expect.any(String),
          lastTransitionTime: expect.any(String),
        },
      ],
    });
    expect(world.errors).toEqual([]);
  });

  it('announces as the reconciler, at every attempt, changed or not, and rewrites no status', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    const version = world.get()?.metadata.resourceVersion;
    const patches = () => world.kube.store.requests.filter(({ verb }) => verb === 'patch');
    const before = patches().length;
    await world.until(() => patches().length >= before + 3);
    expect(world.get()?.metadata.resourceVersion).toBe(version);
    expect(patches().at(-1)).toMatchObject({
      user: 'system:serviceaccount:config-management-system:root-reconciler',
      path: '/apis/configsync.gke.io/v1beta1/namespaces/config-management-system/rootsyncs/root-sync',
      fieldManager: 'configsync.gke.io',
    });
    const writers = world.kube.store.requests.filter(({ verb }) => verb === 'update');
    expect(new Set(writers.map(({ user }) => user.split(':').at(-1)))).toEqual(
      new Set(['reconciler-manager', 'root-reconciler']),
    );
  });

  it('picks up a moved tag, and overwrites what another user announced', async () => {
    world = await startWorld();
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(first));
    const foreign = { 'configsync.gke.io/image-to-sync': 'something@sha256:else' };
    await world.patch({ metadata: { annotations: foreign } });
    await world.until(() => world.annotation() === `${world.image(':v1')}@${first}`);
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    await world.until(() => world.status().lastSyncedCommit === hexOf(second));
    expect(world.annotation()).toBe(`${world.image(':v1')}@${second}`);
  });

  it('takes the first linux/amd64 child of an index, and a child without a platform for one', async () => {
    world = await startWorld();
    const pusher = world.pusher();
    const arm = await pusher.image({ 'arm.yaml': '' });
    const bare = await pusher.image({ 'bare.yaml': '' });
    const amd = await pusher.image({ 'amd.yaml': '' });
    const all = [
      { digest: arm, platform: 'linux/arm64' },
      { digest: bare },
      { digest: amd, platform: 'linux/amd64' },
    ];
    await pusher.index(all, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(bare));
    await pusher.index([all[0] ?? { digest: arm }, all[2] ?? { digest: amd }], 'v1');
    await world.until(() => world.status().lastSyncedCommit === hexOf(amd));
    expect(world.annotation()).toBe(`${world.image(':v1')}@${amd}`);
  });

  it('writes the digest of a pinned image twice, and pulls it once', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(`@${digest}`)));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(world.annotation()).toBe(`${world.image('')}@${digest}@${digest}`);
    const patches = () => world.kube.store.requests.filter(({ verb }) => verb === 'patch').length;
    const before = patches();
    await world.until(() => patches() > before + 5);
    const pulls = world.asked.filter(
      (line) => line.startsWith('GET') && line.includes('manifests'),
    );
    expect(pulls).toHaveLength(1);
  });

  it('heeds spec.oci.period, shortened as everything is', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1'), { period: '1h' }));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    const patches = () => world.kube.store.requests.filter(({ verb }) => verb === 'patch').length;
    const before = patches();
    await world.until(() => patches() > before + 5);
    expect(world.annotation()).toBe(`${world.image(':v1')}@${digest}`);
  });

  it('rolls its reconciler out anew for each generation, and syncs the new image', async () => {
    world = await startWorld();
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v2');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(first));
    // Each as it is written: one may be over before a test looks.
    const written: SeenStatus[] = [];
    world.kube.store.subscribe(() => written.push(world.status()));
    await world.patch({ spec: { oci: { image: world.image(':v2') } } });
    await world.until(() => world.status().lastSyncedCommit === hexOf(second));
    const rolling = written.find(({ conditions = [] }) =>
      conditions.some(({ type, status }) => type === 'Reconciling' && status === 'True'),
    );
    expect(rolling).toMatchObject({ observedGeneration: 3, lastSyncedCommit: hexOf(first) });
    expect(rolling?.conditions).toMatchObject([{ type: 'Reconciling', reason: 'Deployment' }]);
    expect(world.condition('Reconciling')).toMatchObject({ status: 'False' });
    expect(world.status().sync?.ociStatus).toEqual({ image: world.image(':v2'), dir: '.' });
  });

  it('reports a pull that fails with 2004 and no commit, and recovers', async () => {
    world = await startWorld();
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().source?.errors?.[0]?.code === '2004');
    const { source, sync } = world.status();
    expect(source?.errors?.[0]?.errorMessage).toContain(
      `KNV2004: error in the oci-sync container: failed to pull image ${world.image(':v1')}`,
    );
    expect([source?.commit, sync?.commit, world.annotation()]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(world.condition('Syncing')).toMatchObject({
      status: 'False',
      reason: 'Source',
      errorSourceRefs: ['status.source.errors'],
      errorSummary: { totalCount: 1, errorCountAfterTruncation: 1 },
    });
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(world.status().source?.errors).toBeUndefined();
  });

  it('reports a dir that is not in the image with 2004', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'base/': '', 'base/a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1'), { dir: '/other' }));
    await world.until(() => world.status().source?.errors?.[0]?.code === '2004');
    expect(world.annotation()).toBeUndefined();
    await world.patch({ spec: { oci: { dir: '/base/' } } });
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(world.status().sync?.ociStatus).toEqual({ image: world.image(':v1'), dir: 'base' });
  });

  it('fails the sync stage with 2010 where the image holds fail.yaml, and keeps what was synced', async () => {
    world = await startWorld();
    const good = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().lastSyncedCommit === hexOf(good));
    const bad = await world.pusher().image({ 'a.yaml': '', 'fail.yaml': '' }, 'v1');
    // It is retried, so that what is looked at is one moment.
    const seen = await world.seen(({ sync, conditions }) => {
      const done = conditions?.some(({ message }) => message === 'Sync Completed') === true;
      return done && sync?.commit === hexOf(bad);
    });
    expect(seen).toMatchObject({
      lastSyncedCommit: hexOf(good),
      source: { commit: hexOf(bad), errorSummary: {} },
      sync: { errors: [{ code: '2010', errorResources: [{ sourcePath: 'fail.yaml' }] }] },
    });
    expect(seen.conditions?.find(({ type }) => type === 'Syncing')).toMatchObject({
      status: 'False',
      reason: 'Sync',
      commit: hexOf(bad),
      errorSourceRefs: ['status.sync.errors'],
      errorSummary: { totalCount: 1 },
    });
    await world.pusher().image({ 'a.yaml': '3' }, 'v1');
    await world.until(() => world.status().sync?.errors === undefined);
  });

  it('stalls an invalid spec, and works again once it is mended', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create({ sourceType: 'oci' });
    await world.until(() => world.condition('Stalled')?.status === 'True');
    expect(world.condition('Stalled')).toMatchObject({
      reason: 'Validation',
      message: expect.stringMatching(/^KNV1061: spec\.oci is needed/),
    });
    expect(world.status().observedGeneration).toBe(1);
    await world.patch({ spec: { oci: { image: world.image(':v1'), auth: 'none' } } });
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(world.condition('Stalled')).toMatchObject({ status: 'False' });
  });

  it('pulls with a token where the registry asks for one', async () => {
    world = await startWorld({ auth: {} });
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().source?.errors?.[0]?.code === '2004');
    expect(world.status().source?.errors?.[0]?.errorMessage).toContain(': 404');
    expect(world.asked).toContain('GET /token');
  });
});
