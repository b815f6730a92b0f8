import { describe, expect, it } from 'vitest';
import { handlePush } from '#functions/push/handle-push.ts';
import type { Strategy } from '#shared/core/rollout/strategy.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { readNotification } from '#shared/registry/notifications/notification.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { UNSIGNED } from '#test/fixtures/decision.ts';
import { A, B, C, D } from '#test/fixtures/digests.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { stage, strategy } from '#test/fixtures/rollout.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';
import { clusterRecord, row } from '#test/fixtures/staged-rows.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';
import { goneNow } from '#test/fixtures/there-now.ts';

const MINUTE = 60_000;
const [REPOSITORY = ''] = IMAGE.split(':');

/** A fleet that was taken over with A. */
async function adopted(by?: Strategy): Promise<RingsWorld> {
  const world = await createRingsWorld(by === undefined ? {} : { strategy: by });
  await world.round();
  world.tasks.splice(0);
  world.events.splice(0);
  world.pass(MINUTE);
  return world;
}

function tasked(world: RingsWorld): readonly string[] {
  return world.tasks.map(({ cluster }) => cluster);
}

function rollouts(world: RingsWorld): readonly string[] {
  return world.types().filter((type) => type.startsWith('rollout.'));
}

async function notify(world: RingsWorld, data: object): Promise<void> {
  const message = messageOf(world, { action: 'INSERT', ...data }, 'm9');
  await handlePush(readNotification(message, parseNotification), world.push);
}

describe('a push to an image in stages', () => {
  it('begins a roll-out, and tasks the first stage at once', async () => {
    const world = await adopted();
    await world.pushed(B);
    expect(await world.record()).toMatchObject({
      status: 'rolling',
      digest: B,
      previous: A,
      stage: 'canary',
      cursor: { cluster: 'canary-2' },
      startedBy: 'push',
    });
    expect(world.tasks).toEqual(
      ['canary-1', 'canary-2'].map((cluster) => ({
        cluster,
        reason: 'push',
        image: IMAGE,
        id: 'm1',
      })),
    );
    expect(world.types()).toEqual(['image.verified', 'rollout.started']);
  });

  it('admits as many of it as may be under way', async () => {
    const one = stage('canary', { maxConcurrency: { clusters: 1 } });
    const world = await adopted(
      strategy({ stages: [one, stage('rest', { selects: () => true })] }),
    );
    await world.pushed(B);
    expect(tasked(world)).toEqual(['canary-1']);
  });

  it('that is delivered again begins nothing again', async () => {
    const world = await adopted();
    await world.pushed(B);
    const before = await world.record();
    world.pass(90_000);
    await world.pushed(B);
    expect(await world.record()).toEqual(before);
    expect(rollouts(world)).toEqual(['rollout.started']);
  });

  it('that ends between publishing and recording is published again under the same ids', async () => {
    const world = await adopted();
    const { staging } = world.push;
    if (staging === undefined) throw new Error('No staging');
    const killed = { ...staging.records, replace: () => Promise.reject(new Error('Killed')) };
    const dying = { ...world, push: { ...world.push, staging: { ...staging, records: killed } } };
    world.tags.set(IMAGE, B);
    await expect(notify(dying, { digest: `${REPOSITORY}@${B}`, tag: IMAGE })).rejects.toThrow(
      'Killed',
    );
    expect(world.tasks).toEqual([]);
    world.pass(10 * MINUTE);
    await notify(world, { digest: `${REPOSITORY}@${B}`, tag: IMAGE });
    const [first, second, ...more] = world.published('rollout.started').map(eventIdOf);
    expect(more).toEqual([]);
    expect(second).toBe(first);
    expect(tasked(world)).toEqual(['canary-1', 'canary-2']);
  });

  it('says that nothing could go back where what was before is gone', async () => {
    const world = await adopted();
    const gone = { ...world, push: { ...world.push, resolveNow: goneNow } };
    world.tags.set(IMAGE, B);
    await notify(gone, { digest: `${REPOSITORY}@${B}`, tag: IMAGE });
    expect(world.published('rollout.started')).toMatchObject([
      { severity: 'WARNING', data: { noWayBack: true } },
    ]);
    expect(await world.record()).toMatchObject({ status: 'rolling', digest: B });
  });

  it('that loses to a pause leaves the new digest paused, and tasks no cluster', async () => {
    const world = await adopted();
    const { staging } = world.push;
    if (staging === undefined) throw new Error('No staging');
    let races = 0;
    const records: typeof staging.records = {
      ...staging.records,
      replace: async (record, over) => {
        races += 1;
        if (races === 1) await world.command({ do: 'pause' });
        return staging.records.replace(record, over);
      },
    };
    const racing = { ...world, push: { ...world.push, staging: { ...staging, records } } };
    world.tags.set(IMAGE, B);
    await notify(racing, { digest: `${REPOSITORY}@${B}`, tag: IMAGE });
    expect(races).toBe(2);
    expect(await world.record()).toMatchObject({ status: 'paused', cause: 'person', digest: B });
    expect(world.tasks).toEqual([]);
  });

  it('that was resolved before what is recorded changes nothing', async () => {
    const world = await adopted();
    const later = new Date(world.deps.now().getTime() + MINUTE).toISOString();
    await world.put({ digest: C, resolvedAt: later });
    await world.pushed(B);
    expect(await world.record()).toMatchObject({ digest: C });
    expect(rollouts(world)).toEqual([]);
  });

  it('of a digest that was rolled back changes nothing, and tasks no cluster', async () => {
    const world = await adopted();
    await world.put({ rejected: [B] });
    await world.pushed(B);
    expect(await world.record()).toMatchObject({ digest: A, rejected: [B] });
    expect(rollouts(world)).toEqual([]);
    expect(world.tasks).toEqual([]);
  });

  it('that does not verify reads no record', async () => {
    const world = await adopted();
    world.verdicts.set(B, UNSIGNED);
    world.memory.fail();
    await world.pushed(B);
    expect(world.types()).toEqual(['image.unsigned']);
    expect(world.tasks).toEqual([]);
  });

  it('waits for records that cannot be read: it comes again', async () => {
    const world = await adopted();
    world.memory.fail();
    await expect(world.pushed(B)).rejects.toMatchObject({
      code: 'store-unavailable',
      retry: true,
    });
    expect(world.types()).toEqual(['image.verified']);
    expect(world.tasks).toEqual([]);
  });

  it('tasks clusters of which nothing is known as well', async () => {
    const world = await adopted();
    await world.deps.store.deleteCluster('rest-3');
    await world.pushed(B);
    expect(tasked(world)).toEqual(['canary-1', 'canary-2', 'rest-3']);
  });

  it('makes no record of a tag that no RSync follows', async () => {
    const world = await adopted();
    const other = `${REPOSITORY}:v2`;
    world.tags.set(other, B);
    await notify(world, { digest: `${REPOSITORY}@${B}`, tag: other });
    expect(await world.records.list()).toHaveLength(1);
    expect(rollouts(world)).toEqual([]);
    expect(world.tasks).toEqual([]);
  });

  it('begins the record of what is followed and has none', async () => {
    const world = await createRingsWorld();
    world.pass(MINUTE);
    await world.pushed(B);
    expect(rollouts(world)).toEqual(['rollout.completed', 'rollout.started']);
    expect(await world.record()).toMatchObject({ status: 'rolling', digest: B, previous: A });
    expect(tasked(world)).toEqual(['canary-1', 'canary-2']);
  });

  it('of a lost record pauses, publishes that, and tasks no cluster', async () => {
    const world = await adopted();
    world.memory.texts.clear();
    await world.pushed(B);
    expect(rollouts(world)).toEqual(['rollout.interrupted']);
    expect(await world.record()).toMatchObject({ status: 'paused', cause: 'record-lost' });
    expect(world.tasks).toEqual([]);
  });

  it('tasks what names the digest itself, and is in no stage', async () => {
    const world = await adopted();
    const named = row({ image: `${REPOSITORY}@${D}`, target: D, verdict: 'unsigned' });
    const follows = [REPOSITORY];
    await world.deps.store.writeCluster(clusterRecord('rest-4', [named], { follows }));
    await notify(world, { digest: `${REPOSITORY}@${D}` });
    expect(tasked(world)).toEqual(['rest-4']);
  });

  it('looks for new followers where no RSync is known to follow the repository', async () => {
    const world = await adopted();
    for (const name of world.actuals.keys()) {
      await world.deps.store.writeCluster(clusterRecord(name, []));
    }
    await world.pushed(B);
    expect(world.tasks).toHaveLength(world.actuals.size);
  });
});

describe('a signature', () => {
  const signed = strategy({
    stages: [stage('canary'), stage('rest', { selects: () => true, signedBy: 'release' })],
  });

  /** The first stage has B and is well; the signature of the next is missing. */
  async function awaiting(): Promise<RingsWorld> {
    const world = await adopted(signed);
    await world.pushed(B);
    await world.work();
    const verdicts = world.verdicts.get(B);
    world.verdicts.set(B, UNSIGNED);
    await world.round();
    await world.round();
    expect(await world.record()).toMatchObject({
      status: 'awaiting-approval',
      cause: 'signature',
    });
    if (verdicts !== undefined) world.verdicts.set(B, verdicts);
    world.events.splice(0);
    return world;
  }

  it('that the next stage asks for opens it, and tasks it at once', async () => {
    const world = await awaiting();
    world.tagsOf.set(B, [IMAGE.slice(REPOSITORY.length + 1)]);
    await notify(world, {
      digest: `${REPOSITORY}@${C}`,
      tag: `${REPOSITORY}:${B.replace(':', '-')}.sig`,
    });
    expect(rollouts(world)).toEqual(['rollout.stage.passed', 'rollout.stage.opened']);
    expect(tasked(world)).toEqual(
      expect.arrayContaining(['early-1', 'early-2', 'early-3', 'rest-1']),
    );
    expect(world.tasks[0]).toMatchObject({ reason: 'signature' });
  });

  it('kept in another repository does so too, and brings what was unsigned', async () => {
    const world = await awaiting();
    const place = 'us-docker.pkg.dev/other/signatures';
    const rule = world.push.rules.match(REPOSITORY);
    if (rule === undefined) throw new Error('No rule');
    world.signedIn.set(place, [rule]);
    await notify(world, { digest: `${place}@${C}`, tag: `${place}:${B.replace(':', '-')}.sig` });
    expect(rollouts(world)).toEqual(['rollout.stage.passed', 'rollout.stage.opened']);
    expect(tasked(world)).not.toContain('canary-1');
    expect(world.tasks).toHaveLength(8);
  });
});

describe('a push to an image without a strategy, beside others that have one', () => {
  it('reads neither records nor the snapshot, and tasks all that follow it', async () => {
    const world = await createRingsWorld();
    world.strategy = undefined;
    world.memory.fail();
    const listClusters = () => Promise.reject(new CountersignError('internal', 'Read'));
    const store = { ...world.push.store, listClusters };
    const plain = { ...world, push: { ...world.push, store } };
    world.tags.set(IMAGE, B);
    await notify(plain, { digest: `${REPOSITORY}@${B}`, tag: IMAGE });
    expect(world.tasks).toHaveLength(world.actuals.size);
    expect(world.types()).toEqual(['image.verified']);
  });
});
