import { afterEach, describe, expect, it } from 'vitest';
import { nomosStatus } from '#shared/configsync/nomos-status.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import { formatImageToSync, parseImageToSync } from '#shared/core/annotations.ts';
import { isLive } from '#shared/core/sync-status.ts';
import type { RSync } from '#shared/core/rsync.ts';
import {
  type ConfigSyncWorld,
  hexOf,
  IDENTITY,
  ociSpec,
  startWorld,
} from '#test/fixtures/config-sync-world.ts';

let world: ConfigSyncWorld;

afterEach(() => world?.close());

/** What Countersign makes of the object as it stands. */
function read(): RSync {
  return readRSync(world.get());
}

describe('what the stand-in writes, as Countersign reads it', () => {
  it('is live once it is synced, and SYNCED for nomos', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1'), { dir: '/' }));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(isLive(read(), hexOf(digest))).toBe(true);
    expect(nomosStatus(read())).toBe('SYNCED');
    expect(read().annotations.imageToSync).toBe(
      formatImageToSync(world.image(':v1'), `sha256:${hexOf(digest)}`),
    );
  });

  it('is live for a pinned image and its double digest', async () => {
    world = await startWorld();
    const digest = await world.pusher().image({ 'a.yaml': '' });
    await world.create(ociSpec(world.image(`@${digest}`)));
    await world.until(() => world.status().lastSyncedCommit === hexOf(digest));
    expect(isLive(read(), hexOf(digest))).toBe(true);
    expect(parseImageToSync(read().annotations.imageToSync ?? '')).toEqual({
      source: world.image(`@${digest}`),
      commit: hexOf(digest),
    });
  });

  it('is live for a chart by its version', async () => {
    world = await startWorld();
    await world.pusher('charts/platform').image({ 'platform/a.yaml': '' }, '1.2.3');
    const repo = `oci://${world.registry.host}/charts`;
    const helm = { repo, chart: 'platform', version: '1.2.3', auth: 'none' };
    await world.create({ sourceType: 'helm', helm });
    await world.until(() => world.status().lastSyncedCommit === '1.2.3');
    expect(isLive(read(), '1.2.3')).toBe(true);
    expect(parseImageToSync(read().annotations.imageToSync ?? '')?.commit).toBe('1.2.3');
  });

  it('is not live while refused, and an ERROR for nomos', async () => {
    world = await startWorld({ gate: true });
    const first = await world.pusher().image({ 'a.yaml': '1' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    const annotations = { 'countersign.dev/approved': first };
    await world.patch({ metadata: { annotations } }, { user: IDENTITY });
    await world.until(() => world.status().lastSyncedCommit === hexOf(first));
    const second = await world.pusher().image({ 'a.yaml': '2' }, 'v1');
    await world.until(() => world.status().source?.errors?.[0]?.code === '2002');
    expect([isLive(read(), hexOf(first)), isLive(read(), hexOf(second))]).toEqual([false, false]);
    expect(nomosStatus(read())).toBe('ERROR');
    expect(read().status.source).toMatchObject({ commit: hexOf(second), errorCount: 1 });
  });

  it('is not live on what cannot be applied, nor on an earlier spec', async () => {
    world = await startWorld();
    const bad = await world.pusher().image({ 'fail.yaml': '' }, 'v1');
    await world.create(ociSpec(world.image(':v1')));
    await world.until(() => world.status().sync?.errors?.[0]?.code === '2010');
    expect(isLive(read(), hexOf(bad))).toBe(false);
    const good = await world.pusher().image({ 'a.yaml': '' }, 'v2');
    await world.patch({ spec: { oci: { image: world.image(':v2') } } });
    expect(isLive(read(), hexOf(bad))).toBe(false);
    await world.until(() => world.status().lastSyncedCommit === hexOf(good));
    expect(isLive(read(), hexOf(good))).toBe(true);
  });

  it('is STALLED for nomos while its spec is invalid', async () => {
    world = await startWorld();
    await world.create({ sourceType: 'oci' });
    await world.until(() => world.condition('Stalled')?.status === 'True');
    expect(nomosStatus(read())).toBe('STALLED');
  });
});
