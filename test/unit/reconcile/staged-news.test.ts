import { describe, expect, it } from 'vitest';
import type { ReconcileDeps } from '#shared/reconcile/deps.ts';
import { reconcileCluster } from '#shared/reconcile/reconcile-cluster.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { UNSIGNED, VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { TASK, run } from '#test/fixtures/reconcile-run.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { type StagedWorld, report, settledWorld } from '#test/fixtures/staged-world.ts';

async function phaseAfter(world: StagedWorld): Promise<string> {
  world.pass(60_000);
  await run(world);
  return (await world.row()).record.phase;
}

describe('what runs on while another digest waits', () => {
  it.each<[string, (world: StagedWorld) => void]>([
    ['its roll-out is aborted', (world) => world.put({ status: 'aborted' })],
    ['it is paused, and its record is lost', (world) => world.records.texts.clear()],
  ])('is not published as live again after %s', async (_, wait) => {
    const world = await settledWorld();
    world.put();
    expect(await phaseAfter(world)).toBe('Waiting');
    wait(world);
    expect(await phaseAfter(world)).toBe('Waiting');
    world.tags.set(IMAGE, A);
    world.put({ digest: A, status: 'completed' });
    expect(await phaseAfter(world)).toBe('Synced');
    expect(world.types().filter((type) => type.startsWith('sync.'))).toEqual([]);
  });

  it('is not published as live again after a signature was waited for, too', async () => {
    const world = await settledWorld();
    world.put();
    world.verdicts.set(B, UNSIGNED);
    expect(await phaseAfter(world)).toBe('Pending');
    world.verdicts.set(B, VERIFIED);
    expect(await phaseAfter(world)).toBe('Waiting');
    world.tags.set(IMAGE, A);
    world.put({ digest: A, status: 'completed' });
    expect(await phaseAfter(world)).toBe('Synced');
    expect(world.types().filter((type) => type.startsWith('sync.'))).toEqual([]);
  });

  it('is followed by what it waited for', async () => {
    const world = await settledWorld();
    world.put();
    expect(await phaseAfter(world)).toBe('Waiting');
    world.put({ status: 'completed' });
    expect(await phaseAfter(world)).toBe('Approved');
    report(world, B);
    expect(await phaseAfter(world)).toBe('Synced');
    const news = world.types().filter((type) => type.startsWith('sync.'));
    expect(news).toEqual(['sync.approved', 'sync.synced']);
  });
});

describe('what is published at a first sight that was not recorded', () => {
  it('is published again under its id, though a look has failed in between', async () => {
    const world = await settledWorld();
    await world.deps.store.deleteCluster('cluster-1');
    world.put({ digest: A, status: 'completed' });
    world.tags.set(IMAGE, A);
    const deps: ReconcileDeps = {
      ...world.deps,
      publish: async (event) => {
        await world.deps.publish(event);
        if (event.type === 'cluster.recovered') {
          throw new CountersignError('publish-failed', 'No answer');
        }
      },
    };
    await expect(reconcileCluster(TASK, world.deps.now(), deps)).rejects.toThrow('No answer');
    world.broken.set(IMAGE, new CountersignError('registry-unavailable', 'Down'));
    expect(await phaseAfter(world)).toBe('Pending');
    world.broken.clear();
    expect(await phaseAfter(world)).toBe('Synced');
    for (const type of ['sync.approved', 'sync.synced']) {
      const ids = world.events.filter((event) => event.type === type).map(eventIdOf);
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(1);
    }
  });
});
