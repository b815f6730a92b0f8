import { describe, expect, it } from 'vitest';
import { command } from '#shared/core/rollout/command.ts';
import { readRecord, writeRecord } from '#shared/records/schema.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { ACTOR, stage, strategy } from '#test/fixtures/rollout.ts';
import {
  REPOSITORY,
  STREAM,
  type TrackedWorld,
  createTrackedWorld,
} from '#test/fixtures/tracked-world.ts';

const STAGES = strategy({ stages: [stage('canary'), stage('rest', { selects: () => true })] });

function recordOf(world: TrackedWorld): RolloutRecord {
  const record = readRecord(world.records.texts.get(STREAM) ?? '', STREAM);
  if (record === undefined) throw new Error('There is no record');
  return record;
}

async function rounds(world: TrackedWorld, count: number): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    await world.round();
    world.pull();
  }
}

/** On 1.4.1, which is A, completed in both stages. */
async function settled(): Promise<TrackedWorld> {
  const clusters = { 'cluster-1': { ring: 'canary' }, 'cluster-2': { ring: 'prod' } };
  const world = await createTrackedWorld({ clusters, strategy: STAGES });
  await world.tag('1.4.1', A, { lost: true });
  await rounds(world, 6);
  expect(recordOf(world)).toMatchObject({ status: 'completed', digest: A });
  world.events.splice(0);
  return world;
}

/** A person takes the fleet back to what was completed last. */
function rollBack(world: TrackedWorld): void {
  const record = recordOf(world);
  const asked = { do: 'rollback', id: 'back' } as const;
  const outcome = command(record, asked, ACTOR, STAGES, world.deps.now());
  if ('refused' in outcome) throw new Error(`Refused: ${outcome.refused}`);
  world.records.texts.set(STREAM, writeRecord(outcome.record));
}

describe('versions that are followed in stages', () => {
  it('takes the fleet over, with the version in the record and in receipts', async () => {
    const world = await settled();
    const release = { tag: '1.4.1', version: '1.4.1' };
    expect(recordOf(world).releases).toEqual({ [A]: release });
    for (const cluster of ['cluster-1', 'cluster-2']) {
      expect(world.receiptOf(cluster)).toMatchObject({
        image: `${REPOSITORY}:1.4.1`,
        version: '1.4.1',
        rollout: { digest: A },
      });
    }
  });

  it('begins a roll-out with a higher version that is pushed, first stage first', async () => {
    const world = await settled();
    await world.tag('1.5.0', B);
    expect(recordOf(world)).toMatchObject({ digest: B, status: 'rolling', stage: 'canary' });
    expect(world.published('rollout.started')).toMatchObject([
      { data: { image: STREAM, digest: B, release: '1.5.0' } },
    ]);
    await world.deliver();
    expect(world.specOf('cluster-1')).toBe(`${REPOSITORY}@${B}`);
    expect(world.specOf('cluster-2')).toBe(`${REPOSITORY}@${A}`);
    world.pull();
    await rounds(world, 4);
    expect(world.receiptOf('cluster-2')).toMatchObject({ version: '1.5.0', digest: B });
    expect(recordOf(world)).toMatchObject({ status: 'completed', previous: A });
    expect(world.listings()).toBe(1);
  });

  it('begins one with a version that no push brought', async () => {
    const world = await settled();
    await world.tag('1.5.0', B, { lost: true });
    await rounds(world, 22);
    expect(recordOf(world)).toMatchObject({ status: 'completed', digest: B });
  });

  it('begins none with a lower version, whatever vanishes', async () => {
    const world = await settled();
    await world.tag('1.4.0', B);
    world.tags.delete(`${REPOSITORY}:1.4.1`);
    await rounds(world, 32);
    expect(recordOf(world)).toMatchObject({ status: 'completed', digest: A });
    expect(world.published('rollout.started')).toEqual([]);
    expect(world.published('rollout.waiting')).toMatchObject([
      { data: { image: STREAM, digest: A, cause: 'version-gone', syncs: 2, clusters: 2, live: 2 } },
    ]);
  });

  it('holds a rollback, also against what lies between the two versions', async () => {
    const world = await settled();
    await world.tag('1.4.5', C, { lost: true });
    await world.tag('1.5.0', B);
    await world.deliver();
    await rounds(world, 5);
    expect(recordOf(world)).toMatchObject({ status: 'completed', digest: B, previous: A });
    rollBack(world);
    await rounds(world, 20);
    expect(recordOf(world)).toMatchObject({ status: 'rolled-back', digest: A, rejected: [B] });
    for (const cluster of ['cluster-1', 'cluster-2']) {
      expect(world.receiptOf(cluster)).toMatchObject({ version: '1.4.1', digest: A });
    }
    // Neither what was taken back nor what is below it comes by itself; what is above both does.
    await world.tag('1.4.6', C);
    world.tags.delete(`${REPOSITORY}:1.5.0`);
    await rounds(world, 20);
    expect(recordOf(world)).toMatchObject({ status: 'rolled-back', digest: A });
    await world.tag('1.5.1', D);
    world.verdicts.set(D, { status: 'verified', authorities: ['release-key'], candidates: [] });
    await rounds(world, 6);
    expect(recordOf(world)).toMatchObject({ status: 'completed', digest: D });
  });

  it('decides nothing by a listing that was cut', async () => {
    const world = await settled();
    world.cut(true);
    await world.tag('1.5.0', B, { lost: true });
    await rounds(world, 32);
    expect(recordOf(world)).toMatchObject({ status: 'completed', digest: A });
  });
});
