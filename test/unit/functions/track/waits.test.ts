import { describe, expect, it } from 'vitest';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrackNote } from '#shared/store/store.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import { type StatusEvent, severityOf } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { A, B } from '#test/fixtures/digests.ts';
import {
  REPOSITORY,
  STREAM,
  type TrackedOptions,
  type TrackedWorld,
  createTrackedWorld,
} from '#test/fixtures/tracked-world.ts';

/** On 1.4.1, which is A, live. */
async function settled(options: TrackedOptions = {}): Promise<TrackedWorld> {
  const world = await createTrackedWorld(options);
  await world.tag('1.4.1', A, { lost: true });
  for (let minute = 0; minute < 2; minute += 1) await world.round();
  world.pull();
  // The listing after this knows what was taken.
  await listings(world, 1);
  world.events.splice(0);
  return world;
}

/** So many listings, a period apart. */
async function listings(world: TrackedWorld, count: number): Promise<void> {
  for (let minute = 0; minute < count * 16; minute += 1) await world.round();
}

function waits(world: TrackedWorld): readonly StatusEvent[] {
  return world.published('rollout.waiting');
}

async function noted(world: TrackedWorld): Promise<TrackNote['waits']> {
  return (await world.deps.store.readNote('track', `image ${REPOSITORY}`))?.waits;
}

const WAITS = [
  {
    cause: 'version-gone',
    when: 'the tag of the version has vanished, and what is left is lower',
    message: '1.4.1 stays: the highest that is listed is 1.4.0; live on 1 of 1 RSyncs',
    begin: async (world: TrackedWorld) => {
      await world.tag('1.4.0', B, { lost: true });
      world.tags.delete(`${REPOSITORY}:1.4.1`);
    },
    end: async (world: TrackedWorld) => {
      await world.tag('1.4.1', A, { lost: true });
    },
  },
  {
    cause: 'version-gone',
    when: 'no version is left',
    message:
      '1.4.1 stays: no tag of its repository is a version of its track; live on 1 of 1 RSyncs',
    begin: async (world: TrackedWorld) => {
      world.tags.clear();
    },
    end: async (world: TrackedWorld) => {
      await world.tag('1.4.1', A, { lost: true });
    },
  },
  {
    cause: 'listing-cut',
    when: 'the listing is cut',
    message:
      '1.4.1 stays: its repository has more tags than are listed, and a listing that is cut decides nothing; live on 1 of 1 RSyncs',
    begin: async (world: TrackedWorld) => {
      world.cut(true);
    },
    end: async (world: TrackedWorld) => {
      world.cut(false);
    },
  },
  {
    cause: 'ambiguous-version',
    when: 'two tags of the best version name two digests',
    message:
      '1.4.1 and v1.4.1 are one version and not one digest: remove all but one of them; live on 1 of 1 RSyncs',
    begin: async (world: TrackedWorld) => {
      await world.tag('v1.4.1', B, { lost: true });
    },
    end: async (world: TrackedWorld) => {
      world.tags.delete(`${REPOSITORY}:v1.4.1`);
    },
  },
] as const;

describe('what versions wait for', () => {
  it.each(WAITS)('is published once in each episode: $when', async (one) => {
    const { cause, message, begin, end } = one;
    const world = await settled();
    await begin(world);
    await listings(world, 4);
    expect(waits(world)).toMatchObject([
      {
        data: {
          image: STREAM,
          digest: A,
          release: '1.4.1',
          cause,
          message,
          syncs: 1,
          live: 1,
          lagging: [],
        },
      },
    ]);
    expect(waits(world).map(severityOf)).toEqual(['WARNING']);
    for (const { data } of waits(world)) STATUS_DATA['rollout.waiting'].parse(data);
    expect(await noted(world)).toBe(cause);
    expect(world.specOf()).toBe(`${REPOSITORY}@${A}`);
    await end(world);
    await listings(world, 2);
    expect(await noted(world)).toBeUndefined();
    expect(waits(world)).toHaveLength(1);
    await begin(world);
    await listings(world, 2);
    expect(waits(world)).toHaveLength(2);
    expect(new Set(waits(world).map(eventIdOf)).size).toBe(2);
  });

  it('is published again with the same id, where that failed', async () => {
    const world = await settled();
    world.cut(true);
    const tried: StatusEvent[] = [];
    const sweepDeps = {
      ...world.sweepDeps,
      async publish(event: StatusEvent) {
        if (event.type === 'rollout.waiting') {
          tried.push(event);
          throw new CountersignError('publish-failed', 'Pub/Sub did not answer');
        }
        await world.sweepDeps.publish(event);
      },
    };
    world.pass(900_000);
    await handleSweep(sweepDeps);
    expect(await noted(world)).toBeUndefined();
    await listings(world, 1);
    expect(waits(world).map(eventIdOf)).toEqual(tried.map(eventIdOf));
  });

  it('is nothing where a lower version may be taken', async () => {
    const world = await settled({ rule: { downgrade: 'allow' } });
    await world.tag('1.4.0', B, { lost: true });
    world.tags.delete(`${REPOSITORY}:1.4.1`);
    await listings(world, 3);
    expect(waits(world)).toEqual([]);
    expect(world.specOf()).toBe(`${REPOSITORY}@${B}`);
  });

  it('is nothing where nothing was taken', async () => {
    const world = await createTrackedWorld();
    world.cut(true);
    await world.tag('1.4.1', A, { lost: true });
    await listings(world, 2);
    expect(waits(world)).toEqual([]);
  });
});
