import { describe, expect, it } from 'vitest';
import { handlePush } from '#functions/push/handle-push.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { readNotification } from '#shared/registry/notifications/notification.ts';
import { parseNotification } from '#shared/registry/notifications/artifact-registry.ts';
import { B } from '#test/fixtures/digests.ts';
import { messageOf } from '#test/fixtures/push-world.ts';
import { type RingsWorld, createRingsWorld } from '#test/fixtures/rings-world.ts';
import { IMAGE } from '#test/fixtures/rsync.ts';

const MINUTE = 60_000;

/** The same fleet, of which the project that has the canary cannot be listed. */
function withoutCanary({ sweepDeps }: RingsWorld): Pick<Fleet, 'list'> {
  return {
    async list() {
      const { members } = await sweepDeps.fleet.list();
      const listed = members.filter(({ labels }) => labels['ring'] !== 'canary');
      return { members: listed, unreachable: ['projects/canary'] };
    },
  };
}

async function adopted(): Promise<RingsWorld> {
  const world = await createRingsWorld();
  await world.round();
  world.tasks.splice(0);
  world.events.splice(0);
  world.pass(MINUTE);
  return world;
}

function rollouts(world: RingsWorld): readonly string[] {
  return world.types().filter((type) => type.startsWith('rollout.'));
}

describe('while a project cannot be listed', () => {
  it('its stage is neither skipped nor passed', async () => {
    const world = await adopted();
    await world.pushed(B);
    await world.work();
    const fleet = withoutCanary(world);
    for (let minute = 0; minute < 90; minute += 1) {
      world.pass(MINUTE);
      await handleSweep({ ...world.sweepDeps, fleet });
    }
    expect(await world.record()).toMatchObject({ digest: B, stage: 'canary' });
    expect(rollouts(world)).toEqual(['rollout.started']);
    await world.look();
    for (let minute = 0; minute < 62; minute += 1) await world.round();
    expect(rollouts(world).slice(1, 3)).toEqual(['rollout.stage.passed', 'rollout.stage.opened']);
  });

  it('a push begins its roll-out, and opens no later stage', async () => {
    const world = await adopted();
    world.tags.set(IMAGE, B);
    const [repository] = IMAGE.split(':');
    const data = { action: 'INSERT', digest: `${repository}@${B}`, tag: IMAGE };
    const notification = readNotification(messageOf(world, data, 'm1'), parseNotification);
    for (let time = 0; time < 2; time += 1) {
      await handlePush(notification, { ...world.push, fleet: withoutCanary(world) });
      world.pass(MINUTE);
    }
    expect(await world.record()).toMatchObject({ digest: B, stage: 'canary' });
    expect(world.tasks).toEqual([]);
  });

  it('no image is taken over', async () => {
    const world = await createRingsWorld();
    await handleSweep({ ...world.sweepDeps, fleet: withoutCanary(world) });
    expect(await world.records.list()).toEqual([]);
  });
});
