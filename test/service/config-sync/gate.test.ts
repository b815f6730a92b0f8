import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ConfigSyncWorld,
  hexOf,
  IDENTITY,
  ociSpec,
  REPO,
  ROOT,
  startWorld,
} from '#test/fixtures/config-sync-world.ts';

let world: ConfigSyncWorld;

beforeEach(async () => {
  world = await startWorld({ gate: true });
});
afterEach(() => world?.close());

/** As Countersign writes it: its identity, its annotation, nothing else. */
function approve(keys: string, place = ROOT): Promise<void> {
  const annotations = { 'countersign.dev/approved': keys };
  return world.patch({ metadata: { annotations } }, { place, user: IDENTITY });
}

function deniedOn(digest: string): (status: ReturnType<ConfigSyncWorld['status']>) => boolean {
  return ({ source }) => source?.commit === hexOf(digest) && source.errors?.[0]?.code === '2002';
}

describe('Config Sync stand-in behind the gate', () => {
  it.each([
    [ROOT, 'RootSync'],
    [REPO, 'RepoSync'],
  ])("replays upstream's scenarios of a signed image: $plural", async (place, kind) => {
    // 1: an unsigned image is announced, and refused.
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'latest');
    await world.create(ociSpec(world.image(':latest')), place);
    const refused = await world.seen(deniedOn(first), place);
    const [error] = refused.source?.errors ?? [];
    expect(error?.errorMessage).toContain(
      `KNV2002: failed to patch ${kind} annotation: configsync.gke.io/image-to-sync: APIServer error: `,
    );
    expect(error?.errorMessage).toContain(`${first} is not approved`);
    expect(world.annotation(place)).toBeUndefined();
    expect(refused.sync).toEqual({ lastUpdate: null });
    expect(refused.lastSyncedCommit).toBeUndefined();
    expect(refused.conditions?.find(({ type }) => type === 'Syncing')).toMatchObject({
      status: 'False',
      reason: 'Source',
      commit: hexOf(first),
      errorSourceRefs: ['status.source.errors'],
      errorSummary: { totalCount: 1, errorCountAfterTruncation: 1 },
    });
    // 2: the tag moves on; the first one's approval comes too late for it.
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'latest');
    const moved = await world.seen(deniedOn(second), place);
    await approve(first, place);
    expect(moved.source?.errors?.[0]?.errorMessage).toContain(`${second} is not approved`);
    // 3: approved, and no other change: it heals by itself.
    await approve(`${second} ${first}`, place);
    const healed = await world.seen(
      ({ lastSyncedCommit }) => lastSyncedCommit === hexOf(second),
      place,
    );
    expect(healed.source?.errors).toBeUndefined();
    expect(world.annotation(place)).toBe(`${world.image(':latest')}@${second}`);
    // 4: another source type has no image to sync.
    const git = { repo: 'https://git.example/configs', auth: 'none' };
    await world.patch({ spec: { sourceType: 'git', git } }, { place });
    await world.until(() => world.annotation(place) === undefined);
  });

  it('keeps what is synced while a newer digest is refused, and writes no second refusal', async () => {
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await approve(first);
    await world.until(() => world.status().lastSyncedCommit === hexOf(first));
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    const refused = await world.seen(deniedOn(second));
    expect(refused).toMatchObject({
      lastSyncedCommit: hexOf(first),
      rendering: { commit: hexOf(first) },
      sync: { commit: hexOf(first), errorSummary: {} },
    });
    expect(world.annotation()).toBe(`${world.image(':v1')}@${first}`);
    const version = world.get()?.metadata.resourceVersion;
    const patches = () => world.kube.store.requests.filter(({ verb }) => verb === 'patch').length;
    const before = patches();
    await world.until(() => patches() > before + 3);
    expect(world.get()?.metadata.resourceVersion).toBe(version);
  });

  it('is refused once the live digest is withdrawn, unchanged as it is', async () => {
    const digest = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await approve(digest);
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    await approve('');
    const refused = await world.seen(deniedOn(digest));
    expect(refused.lastSyncedCommit).toBe(hexOf(digest));
    await approve(digest);
    // The commit is the same as before, so that only a retry parses it again.
    await world.until(() => world.status().source?.errors === undefined);
    expect(world.condition('Syncing')).toMatchObject({ commit: hexOf(digest) });
  });

  it('announces a chart by its version, and syncs it once chart and version are approved', async () => {
    const repo = `oci://${world.registry.host}/charts`;
    const pusher = world.pusher('charts/platform');
    await pusher.image({ 'platform/templates/a.yaml': '' }, '1.2.3');
    const helm = { repo, chart: 'platform', version: '1.2.3', auth: 'none' };
    await world.create({ sourceType: 'helm', helm });
    await world.until(() => world.status().source?.errors?.[0]?.code === '2002');
    expect(world.status().source?.commit).toBe('1.2.3');
    await approve(`${world.registry.host}/charts/platform:1.2.3`);
    await world.until(() => world.status().lastSyncedCommit === '1.2.3');
    expect(world.annotation()).toBe(`${repo}@sha256:1.2.3`);
    expect(world.status().sync?.helmStatus).toEqual({ repo, chart: 'platform', version: '1.2.3' });
    const asked = world.asked.filter((line) => line.includes('manifests/1.2.3'));
    expect(asked.filter((line) => line.startsWith('GET'))).toHaveLength(1);
  });
});

describe('Config Sync stand-in behind a gate that forbids', () => {
  it('reports a refusal of 403 as 2013', async () => {
    await world.close();
    world = await startWorld({
      kube: { forbid: ({ verb, user }) => verb === 'patch' && user.endsWith('root-reconciler') },
    });
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().source?.errors?.[0]?.code === '2013');
    expect(world.status().source?.commit).toBe(hexOf(digest));
    expect(world.status().source?.errors?.[0]?.errorMessage).toMatch(/^KNV2013: failed to patch/);
  });
});

describe('Config Sync stand-in on a source that announces nothing', () => {
  it.each([
    [
      'git',
      {
        sourceType: 'git',
        git: { repo: 'https://git.example/configs', auth: 'none', period: '0s' },
      },
    ],
    [
      'Helm over http',
      {
        sourceType: 'helm',
        helm: { repo: 'https://charts.example', chart: 'a', auth: 'none', period: '0s' },
      },
    ],
  ])(
    'is refused the patch that %s sends at each attempt, which announces nothing',
    async (_, spec) => {
      await world.close();
      world = await startWorld({ gate: true, otherSources: 'deny' });
      // It was there before the gate, which would have refused its creation.
      const { namespace, name } = ROOT;
      const metadata = { name, namespace };
      const apiVersion = 'configsync.gke.io/v1beta1';
      world.kube.store.put('rootsyncs', { apiVersion, kind: 'RootSync', metadata, spec });
      const refused = await world.seen(({ source }) => source?.errors?.[0]?.code === '2002');
      expect(refused.source?.errors?.[0]?.errorMessage).toContain('announces nothing');
      expect(refused.lastSyncedCommit).toBeUndefined();
      const refusals = () =>
        world.kube.store.requests.filter(({ verb }) => verb === 'patch').length;
      const before = refusals();
      await world.until(() => refusals() > before + 2);
      await expect(world.create(spec, REPO)).rejects.toThrow('announces nothing');
    },
  );
});
