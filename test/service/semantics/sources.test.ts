import { afterEach, describe, expect, it } from 'vitest';
import { hexOf, IDENTITY, ociSpec, ON_CALL, REPO } from '#test/fixtures/config-sync-world.ts';
import { type SemanticsWorld, startSemanticsWorld } from '#test/fixtures/semantics-world.ts';

let world: SemanticsWorld;

afterEach(() => world?.close());

async function isSynced(): Promise<boolean> {
  return (await world.row())?.record.phase === 'Synced';
}

function ours(): Readonly<Record<string, string>> {
  return world.get()?.metadata.annotations ?? {};
}

describe('the images that RSyncs name', () => {
  it('mean latest without a tag, and only a directory of it with dir', async () => {
    world = await startSemanticsWorld();
    const digest = await world.pusher().image({ 'prod/': '', 'prod/a.yaml': '1' }, 'latest');
    world.sign(digest);
    await world.create(ociSpec(world.image(''), { dir: '/prod/' }));
    await world.sweepUntil(isSynced);
    expect(await world.row()).toMatchObject({ image: world.image(':latest'), approved: [digest] });
    expect(world.annotation()).toBe(`${world.image('')}@${digest}`);
    expect(world.status().sync?.ociStatus).toEqual({ image: world.image(''), dir: 'prod' });
  });

  it('are verified and approved where they are pinned by digest, like any other', async () => {
    world = await startSemanticsWorld();
    const digest = await world.pusher().image({ 'a.yaml': '1' });
    const image = world.image(`@${digest}`);
    await world.create(ociSpec(image));
    await world.reconcile();
    expect(await world.row()).toMatchObject({ record: { phase: 'Pending' }, approved: [] });
    world.sign(digest);
    await world.sweepUntil(isSynced);
    expect(world.annotation()).toBe(`${image}@${digest}`);
    expect(ours()['countersign.dev/approved']).toBe(digest);
  });

  it('are approved on objects written and read as v1alpha1', async () => {
    world = await startSemanticsWorld();
    const digest = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    world.sign(digest);
    const path = '/apis/configsync.gke.io/v1alpha1/namespaces/team-a/reposyncs';
    const answer = await fetch(`${world.kube.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'configsync.gke.io/v1alpha1',
        kind: 'RepoSync',
        metadata: { name: REPO.name, namespace: REPO.namespace },
        spec: ociSpec(world.image(':v1')),
      }),
    });
    expect(answer.status).toBe(201);
    await world.sweepUntil(async () => {
      const row = await world.row('RepoSync/team-a/repo-sync');
      return row?.record.phase === 'Synced';
    });
    const seen = await (await fetch(`${world.kube.url}${path}/${REPO.name}`)).json();
    expect(seen).toMatchObject({
      apiVersion: 'configsync.gke.io/v1alpha1',
      metadata: { annotations: { 'countersign.dev/approved': digest } },
    });
  });
});

describe('charts', () => {
  const SPEC = { chart: 'shop', auth: 'none' };

  function createChart(version: object): Promise<void> {
    const repo = `oci://${world.registry.host}/charts`;
    return world.create({ sourceType: 'helm', helm: { ...SPEC, repo, ...version } });
  }

  it('are approved by chart and version, and immutable tags are asked for', async () => {
    world = await startSemanticsWorld();
    const digest = await world
      .pusher('charts/shop')
      .chart({ 'shop/a.yaml': '' }, '1.2.3', ['1.2.3']);
    world.sign(digest);
    await createChart({ version: '1.2.3' });
    await world.sweepUntil(isSynced);
    expect(ours()['countersign.dev/approved']).toBe(`${world.registry.host}/charts/shop:1.2.3`);
    expect(JSON.parse(ours()['countersign.dev/receipt'] ?? '')).toMatchObject({
      digest,
      enforcement: 'version',
    });
    const approvals = world.events.filter(({ type }) => type === 'sync.approved');
    expect(approvals.map(({ data }) => data.message)).toEqual([
      expect.stringContaining('immutable'),
    ]);
  });

  it.each([
    ['latest', { version: 'latest' }],
    ['a range', { version: '~1.2' }],
    ['no version', {}],
  ])('of %s are refused, saying what to write', async (_, version) => {
    world = await startSemanticsWorld();
    const pusher = world.pusher('charts/shop');
    world.sign(await pusher.chart({ 'shop/a.yaml': '' }, '1.2.3', ['1.2.3', 'latest']));
    await createChart(version);
    await world.reconcile();
    const row = await world.row();
    expect(row).toMatchObject({ record: { phase: 'Refused' }, verdict: 'unusable', approved: [] });
    expect(row?.message).toContain('spec.helm.version of shop must be one exact version');
    expect(world.status().lastSyncedCommit).toBeUndefined();
  });
});

describe('RSyncs that are not followed', () => {
  it.each(['deny', 'ignore'] as const)('say what the gate makes of them: %s', async (unmatched) => {
    world = await startSemanticsWorld({ rule: { match: 'other.example/**' }, unmatched });
    await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.reconcile();
    const { message, record } = (await world.row()) ?? {};
    const denied = unmatched === 'deny';
    expect(record?.phase).toBe(denied ? 'Refused' : 'Ignored');
    expect(message?.includes('the gate refuses it')).toBe(denied);
    expect(world.types()).toEqual(denied ? ['sync.refused'] : []);
  });

  it('end their failures when they move to git, where the announcement goes too', async () => {
    world = await startSemanticsWorld();
    const bad = await world.pusher().image({ 'fail.yaml': '' }, 'v1');
    world.sign(bad);
    await world.create(ociSpec(world.image(':v1')));
    await world.sweepUntil(async () => (await world.row())?.record.phase === 'Failed');
    const git = { repo: 'https://git.example/configs', auth: 'none' };
    await world.patch({ spec: { sourceType: 'git', git } });
    await world.until(() => world.annotation() === undefined);
    await world.reconcile();
    await world.reconcile();
    expect(world.types().filter((type) => type === 'sync.recovered')).toHaveLength(1);
    expect(await world.row()).toMatchObject({ record: { phase: 'Ignored' } });
    expect((await world.row())?.record.failure).toBeUndefined();
  });

  it('are left alone while they are being deleted, and end their failures', async () => {
    world = await startSemanticsWorld();
    const bad = await world.pusher().image({ 'fail.yaml': '' }, 'v1');
    world.sign(bad);
    await world.create(ociSpec(world.image(':v1')));
    await world.sweepUntil(async () => (await world.row())?.record.phase === 'Failed');
    await world.patch({ metadata: { finalizers: ['a.example/hold'] } });
    await world.remove();
    world.sign(await world.pusher().image({ 'a.yaml': '2' }, 'v1'));
    world.calls();
    await world.reconcile();
    expect(world.calls()).toEqual({ list: 2 });
    expect(await world.row()).toMatchObject({
      record: { phase: 'Ignored' },
      message: 'Being deleted',
    });
    expect(world.types().at(-1)).toBe('sync.recovered');
  });
});

describe('broken glass', () => {
  it('admits that digest, and stays in the snapshot until it is removed', async () => {
    world = await startSemanticsWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    const glass = (value: string | null) =>
      world.patch(
        { metadata: { annotations: { 'countersign.dev/break-glass': value } } },
        { user: ON_CALL },
      );
    await glass(`${digest} outage 42`);
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    await world.reconcile();
    expect(await world.row()).toMatchObject({
      breakGlass: `${digest} outage 42`,
      record: { phase: 'Synced' },
      message: 'Live, under break-glass and not verified',
    });
    await glass(null);
    await world.reconcile();
    const row = await world.row();
    expect(row).not.toHaveProperty('breakGlass');
    expect(row?.record.phase).toBe('Unguarded');
    await expect(
      world.patch(
        { metadata: { annotations: { 'countersign.dev/break-glass': digest } } },
        { user: IDENTITY },
      ),
    ).rejects.toThrow('gate.breakGlass');
  });
});

describe('a digest that Config Sync has read before', () => {
  it('fails nothing while it waits to be parsed again', async () => {
    world = await startSemanticsWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    world.sign(digest);
    await world.create(ociSpec(world.image(':v1')));
    await world.sweepUntil(isSynced);
    const approved = (value: string) =>
      world.patch(
        { metadata: { annotations: { 'countersign.dev/approved': value } } },
        { user: IDENTITY },
      );
    await approved('');
    await world.until(() => world.status().source?.errors?.[0]?.code === '2002');
    await approved(digest);
    await world.until(() => world.status().source?.errors === undefined);
    await world.reconcile();
    // Its next retry makes it live; until then it is no failure.
    expect(['Approved', 'Synced']).toContain((await world.row())?.record.phase);
    await world.sweepUntil(isSynced);
    expect(world.types().filter((type) => /failed|blocked/.test(type))).toEqual([]);
  });
});
