import { afterEach, describe, expect, it } from 'vitest';
import { hexOf, ociSpec, ROOT } from '#test/fixtures/config-sync-world.ts';
import { type SemanticsWorld, startSemanticsWorld } from '#test/fixtures/semantics-world.ts';

let world: SemanticsWorld;

afterEach(() => world?.close());

const PIN = { rule: { effect: 'pin' } } as const;

function imageOf(place = ROOT): unknown {
  const spec: unknown = world.get(place)?.['spec'];
  return JSON.parse(JSON.stringify(spec)).oci?.image;
}

function generation(place = ROOT): number | undefined {
  return world.get(place)?.metadata.generation;
}

async function isSynced(sync?: string): Promise<boolean> {
  return (await world.row(sync))?.record.phase === 'Synced';
}

describe('effect: pin behind the gate', () => {
  it('writes one spec patch for each digest of its tag, and the reconciler passes', async () => {
    world = await startSemanticsWorld(PIN);
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    world.sign(first);
    await world.create(ociSpec(world.image(':v1')));
    await world.sweepUntil(isSynced);
    expect(imageOf()).toBe(world.image(`:v1@${first}`));
    expect(world.annotation()).toBe(world.image(`:v1@${first}@${first}`));
    // Each spec change counts one generation: the creation, the period that Config Sync spells out, the pin.
    expect(generation()).toBe(3);
    world.calls();
    await world.reconcile();
    await world.reconcile('resync');
    expect(world.calls()).not.toHaveProperty('patch');
    expect(generation()).toBe(3);

    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    await world.reconcile();
    expect(imageOf()).toBe(world.image(`:v1@${first}`));
    world.sign(second);
    await world.sweepUntil(async () => world.status().lastSyncedCommit === hexOf(second));
    await world.sweepUntil(isSynced);
    expect(imageOf()).toBe(world.image(`:v1@${second}`));
    expect(generation()).toBe(4);
    expect(world.types().filter((type) => type.startsWith('sync.'))).toEqual([
      'sync.approved',
      'sync.synced',
      'sync.approved',
      'sync.synced',
    ]);
  });

  it('writes the linux/amd64 child of an index, and follows latest where there was no tag', async () => {
    world = await startSemanticsWorld(PIN);
    const amd = await world.pusher().image({ 'a.yaml': 'amd' });
    const arm = await world.pusher().image({ 'a.yaml': 'arm' });
    await world.pusher().index(
      [
        { digest: arm, platform: 'linux/arm64' },
        { digest: amd, platform: 'linux/amd64' },
      ],
      'latest',
    );
    world.sign(amd);
    await world.create(ociSpec(world.image('')));
    await world.sweepUntil(isSynced);
    expect(imageOf()).toBe(world.image(`@${amd}`));
    const next = await world.pusher().image({ 'a.yaml': 'next' }, 'latest');
    world.sign(next);
    await world.sweepUntil(async () => imageOf() === world.image(`@${next}`));
    await world.sweepUntil(isSynced);
  });

  it('moves a chart to the version behind the tag that it tracks', async () => {
    world = await startSemanticsWorld({ rule: { effect: 'pin', track: 'stable' } });
    const pusher = world.pusher('charts/shop');
    const repo = `oci://${world.registry.host}/charts`;
    const old = await pusher.chart({ 'shop/a.yaml': '1' }, '1.2.3', ['1.2.3', 'stable']);
    world.sign(old);
    await world.create({
      sourceType: 'helm',
      helm: { repo, chart: 'shop', version: '1.0.0', auth: 'none' },
    });
    await world.sweepUntil(isSynced);
    expect(world.status().lastSyncedCommit).toBe('1.2.3');
    expect(await world.row()).toMatchObject({
      approved: [`${world.registry.host}/charts/shop:1.2.3`],
    });
    expect(generation()).toBe(3);
    // A tag that is not also its version's: what Helm would pull is something else.
    const next = await pusher.chart({ 'shop/a.yaml': '2' }, '1.3.0', ['stable']);
    world.sign(next);
    await world.reconcile();
    expect(await world.row()).toMatchObject({
      record: { phase: 'Rejected' },
      message: expect.stringContaining('1.3.0'),
    });
    await pusher.chart({ 'shop/a.yaml': '2' }, '1.3.0', ['1.3.0']);
    await world.sweepUntil(async () => world.status().lastSyncedCommit === '1.3.0');
    await world.sweepUntil(isSynced);
    expect(generation()).toBe(4);
  });
});
