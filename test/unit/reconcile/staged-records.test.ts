import { describe, expect, it } from 'vitest';
import { handleTask } from '#functions/cluster/handle-task.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { Staged } from '#shared/store/store.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B, C } from '#test/fixtures/digests.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { SYNC, TASK, rsyncOf, run } from '#test/fixtures/reconcile-run.ts';
import { stage } from '#test/fixtures/rollout.ts';
import { IMAGE, annotationsOf, ociSource, textsOf } from '#test/fixtures/rsync.ts';
import {
  type StagedWorld,
  annotate,
  approvedIn,
  settledWorld,
} from '#test/fixtures/staged-world.ts';

const OTHER = IMAGE.replace(':v1', ':v2');
const SIGNED = [stage('rest', { selects: () => true, signedBy: 'qa' })] as const;
const OPEN = { stage: 'rest', cursor: { cluster: 'z' } } as const;

/** The spec is changed by its owner. */
function follow(world: StagedWorld, image: string): void {
  const rsync = rsyncOf(world);
  const { rsyncs } = world.clusters.cluster('cluster-1');
  const changed = { ...rsync, source: ociSource(image), generation: rsync.generation + 1 };
  rsyncs.set(SYNC, changed);
}

describe('another tag of the repository that names the same digest', () => {
  it.each<[string, Partial<RolloutRecord>, Staged['why']]>([
    ['rolls it out elsewhere', {}, 'stage'],
    ['has paused it', { status: 'paused', cause: 'person' }, 'paused'],
    ['aborted it', { status: 'aborted' }, 'aborted'],
    ['has rejected it', { digest: A, status: 'rolled-back', rejected: [B] }, 'rejected'],
    [
      'has rejected it, and is retired',
      { digest: A, status: 'retired', rejected: [B] },
      'rejected',
    ],
    ['is further', OPEN, undefined],
    ['has completed it', { status: 'completed' }, undefined],
    ['is retired', { status: 'retired' }, undefined],
    ['names another', { digest: C }, undefined],
  ])('%s', async (_, changes, why) => {
    const world = await settledWorld();
    world.put(changes);
    world.put({ image: OTHER, status: 'completed' });
    world.tags.set(OTHER, B);
    follow(world, OTHER);
    await run(world);
    expect(approvedIn(world)?.split(' ')[0]).toBe(why === undefined ? B : A);
    const { staged } = await world.row();
    expect(staged?.image).toBe(OTHER);
    expect(staged?.why).toBe(why);
    // What its own record let in, and another one keeps from it, is stuck.
    expect(staged?.by).toBe(why && IMAGE);
    expect(staged?.stuck?.on).toBe(why && B);
  });
});

describe('a spec that is moved to another tag', () => {
  it('takes no receipt of the old one with it', async () => {
    const world = await settledWorld();
    expect((await world.row()).staged?.receipt).toMatchObject({ digest: A });
    follow(world, OTHER);
    world.tags.set(OTHER, B);
    await run(world);
    const { staged } = await world.row();
    expect(staged).toMatchObject({ image: OTHER, why: 'record' });
    expect(staged).not.toHaveProperty('receipt');
  });
});

describe('a spec that names a digest', () => {
  const UNDER: readonly [string, (world: StagedWorld) => void, Staged['why'], string][] = [
    ['is under the record that rolls it out', (world) => world.put(), 'stage', IMAGE],
    [
      'is under the record that rejected it',
      (world) => world.put({ digest: A, rejected: [B], status: 'rolled-back' }),
      'rejected',
      `${IMAGE.replace(':v1', '')}@${B}`,
    ],
    [
      'is under each of them',
      (world) => [world.put(OPEN), world.put({ image: OTHER, status: 'paused' })],
      'paused',
      IMAGE,
    ],
    [
      'may be what a lost record held back',
      ({ records }) => records.texts.clear(),
      'record',
      `${IMAGE.replace(':v1', '')}@${B}`,
    ],
    ['goes by its turn', (world) => world.put(OPEN), undefined, IMAGE],
    [
      'is held',
      (world) => [world.put({ digest: C }), annotate(world, { hold: '- a b' })],
      'held',
      `${IMAGE.replace(':v1', '')}@${B}`,
    ],
    [
      'is under none',
      (world) => world.put({ digest: C }),
      undefined,
      `${IMAGE.replace(':v1', '')}@${B}`,
    ],
  ];

  it.each(UNDER)('%s', async (_, prepare, why, image) => {
    const world = await settledWorld();
    prepare(world);
    follow(world, `${IMAGE.replace(':v1', '')}@${B}`);
    await run(world);
    expect(approvedIn(world)?.split(' ')[0]).toBe(why === undefined ? B : A);
    const { staged } = await world.row();
    expect(staged).toMatchObject({ image, digest: B });
    expect(staged?.why).toBe(why);
  });
});

describe('a decision between the list and the write', () => {
  it.each([
    ['stops the approval', { status: 'paused', cause: 'person' } as const, A],
    ['is known by its record', { ...OPEN, digest: C } as const, `${C} ${A}`],
  ])('%s, where another writer was faster', async (_, changes, approved) => {
    const world = await settledWorld();
    world.put(OPEN);
    const cluster = world.clusters.cluster('cluster-1');
    cluster.beforeWrite = () => {
      delete cluster.beforeWrite;
      world.put({ ...OPEN, ...changes });
      const rsync = rsyncOf(world);
      cluster.rsyncs.set(SYNC, {
        ...rsync,
        annotations: annotationsOf(textsOf(rsync)),
        resourceVersion: '99',
      });
    };
    await run(world);
    expect(approvedIn(world)).toBe(approved);
  });
});

describe('records', () => {
  it('are read once for each repository and look', async () => {
    const world = await settledWorld();
    world.put(OPEN);
    const { rsyncs } = world.clusters.cluster('cluster-1');
    for (const name of ['a', 'b', 'c']) {
      const ref = { ...rsyncOf(world).ref, name };
      rsyncs.set(`RootSync/${name}`, { ...rsyncOf(world), ref, uid: name });
    }
    const asked: string[] = [];
    const { staging } = world.deps;
    if (staging === undefined) throw new Error('Nothing is staged');
    const records: typeof staging.records = {
      ...staging.records,
      ofRepository(repository) {
        asked.push(repository);
        return staging.records.ofRepository(repository);
      },
    };
    const deps = { ...world.deps, staging: { ...staging, records } };
    expect(await run({ ...world, deps })).toMatchObject({ patched: 4 });
    expect(asked).toEqual(['us-docker.pkg.dev/acme/configs/platform']);
  });
});

describe('a digest that is to be approved ahead of its tag', () => {
  async function ahead(world: StagedWorld, image = IMAGE): Promise<void> {
    world.pass(60_000);
    const task = {
      ...TASK,
      reason: 'resync',
      image,
      digest: B,
      actor: 'ops@acme.example',
    } as const;
    await handleTask(messageOf(world, task), world.deps);
  }

  it.each<[string, Partial<RolloutRecord>]>([
    ['is another than that of the record', { digest: A, status: 'completed' }],
    ['waits for its stage', {}],
    ['is paused', { ...OPEN, status: 'paused' }],
    ['was rejected', { digest: A, status: 'rolled-back', rejected: [B] }],
  ])('is approved nowhere where it %s', async (_, changes) => {
    const world = await settledWorld();
    world.tags.set(IMAGE, A);
    world.put(changes);
    await ahead(world);
    await ahead(world, IMAGE.replace(':v1', ''));
    expect(approvedIn(world)).toBe(A);
  });

  it('waits for the signature that the stage asks for', async () => {
    const world = await settledWorld({ strategy: { stages: SIGNED } });
    world.put(OPEN);
    world.tags.set(IMAGE, A);
    await ahead(world);
    expect(approvedIn(world)).toBe(A);
    world.qa.set(B, VERIFIED);
    await ahead(world);
    expect(approvedIn(world)).toBe(`${B} ${A}`);
  });
});
