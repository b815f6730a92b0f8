import { describe, expect, it } from 'vitest';
import { FORGET_AFTER_MS } from '#functions/sweep/forget-idle.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { B } from '#test/fixtures/digests.ts';
import { record } from '#test/fixtures/rollout.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const HOUR = 3_600_000;
const OLD = 'us-docker.pkg.dev/acme/configs/platform:old';

/** A fleet that follows `IMAGE`, and the record of a tag that nothing follows. */
async function started(changes: Partial<RolloutRecord> = {}): Promise<RingsWorld> {
  const world = await createRingsWorld();
  await world.round();
  const old = record({ image: OLD, id: 'old-1', digest: B, status: 'completed', ...changes });
  await world.records.replace(old, await world.records.read(OLD));
  return world;
}

/** As much time as may pass: each cluster is looked at meanwhile. */
async function later(world: RingsWorld, ms: number): Promise<void> {
  world.pass(ms);
  await world.look();
  await world.sweep();
}

describe('a sweep over an image that nothing follows', () => {
  it('notes since when, and removes its record in the end', async () => {
    const world = await started();
    await later(world, HOUR);
    const since = world.deps.now().toISOString();
    const { record: noted } = await world.records.read(OLD);
    expect(noted).toMatchObject({ idleSince: since, version: 8, status: 'completed' });
    await later(world, FORGET_AFTER_MS - 1);
    expect((await world.records.read(OLD)).record?.version).toBe(8);
    await later(world, 1);
    expect(await world.records.read(OLD)).toEqual({ image: OLD, known: false });
    expect((await world.records.read(IMAGE)).record?.status).toBe('completed');
    expect((await world.record()).idleSince).toBeUndefined();
  });

  it.each([
    ['retired', { status: 'retired' }],
    ['on its way, and nothing followed it', { status: 'rolling', cause: 'empty' }],
  ] as const)('removes what is %s', async (_, changes) => {
    const world = await started(changes);
    await later(world, HOUR);
    await later(world, FORGET_AFTER_MS);
    expect((await world.records.read(OLD)).known).toBe(false);
  });

  it.each([
    ['paused', { status: 'paused', cause: 'person' }],
    ['halted', { status: 'halted', cause: 'failures' }],
    ['aborted', { status: 'aborted', cause: 'person' }],
    ['rolled back', { status: 'rolled-back', kind: 'rollback', rejected: ['sha256:bad'] }],
    ['completed, and has rejected a digest', { rejected: ['sha256:bad'] }],
    ['completed, where a person passed the tag over', { passedOver: 'sha256:tag' }],
  ] as const)('keeps what is %s', async (_, changes) => {
    const world = await started(changes);
    await later(world, HOUR);
    await later(world, FORGET_AFTER_MS);
    await later(world, FORGET_AFTER_MS);
    const { record: kept } = await world.records.read(OLD);
    expect(kept).toMatchObject({ version: 7, ...changes });
  });

  it('begins anew where it was followed meanwhile', async () => {
    const world = await started();
    await later(world, HOUR);
    const [row] = (await world.deps.store.readCluster('rest-1'))?.syncs ?? [];
    const cluster = await world.deps.store.readCluster('rest-1');
    if (row === undefined || cluster === undefined) throw new Error('It is there');
    world.pass(1);
    const lookedAt = world.deps.now().toISOString();
    const { staged: _, ...rest } = row;
    const follows = { ...rest, sync: 'RepoSync/a/b', image: OLD };
    await world.deps.store.writeCluster({
      ...cluster,
      lookedAt,
      reconciledAt: lookedAt,
      syncs: [row, follows],
    });
    await world.sweep();
    expect((await world.records.read(OLD)).record?.idleSince).toBeUndefined();
    await later(world, FORGET_AFTER_MS);
    expect((await world.records.read(OLD)).record?.idleSince).toBe(world.deps.now().toISOString());
  });

  it('concludes nothing while a cluster was never looked at', async () => {
    const world = await started();
    await world.deps.store.deleteCluster('rest-1');
    world.pass(HOUR);
    await world.sweep();
    expect((await world.records.read(OLD)).record?.version).toBe(7);
  });

  it('concludes nothing from a part of the fleet', async () => {
    const world = await started();
    const list = async () => {
      const { members } = await world.push.fleet.list();
      return { members, unreachable: ['projects/p/locations/l'] };
    };
    Object.assign(world.sweepDeps, { fleet: { list } });
    await later(world, HOUR);
    expect((await world.records.read(OLD)).record?.version).toBe(7);
  });

  it('leaves what another writer changed meanwhile', async () => {
    const world = await started();
    await later(world, HOUR);
    const remove = world.records.remove.bind(world.records);
    const staging = world.sweepDeps.staging;
    if (staging === undefined) throw new Error('It is there');
    const races: typeof remove = async (entry) => {
      if (entry.record !== undefined) {
        await world.records.replace({ ...entry.record, version: 9, status: 'paused' }, entry);
      }
      return remove(entry);
    };
    Object.assign(world.sweepDeps, {
      staging: { ...staging, records: { ...staging.records, remove: races } },
    });
    await later(world, FORGET_AFTER_MS);
    expect((await world.records.read(OLD)).record).toMatchObject({ version: 9, status: 'paused' });
  });

  it('writes a few in one sweep', async () => {
    const world = await started();
    for (let n = 0; n < 70; n += 1) {
      const image = `${OLD}-${n}`;
      const one = record({ image, id: `old-${n}`, digest: B, status: 'completed' });
      await world.records.replace(one, await world.records.read(image));
    }
    await later(world, HOUR);
    const noted = async () =>
      (await world.records.list()).filter((entry) => entry.record?.idleSince !== undefined).length;
    expect(await noted()).toBe(50);
    await later(world, HOUR);
    expect(await noted()).toBe(71);
  });
});
