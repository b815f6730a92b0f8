import { beforeEach, describe, expect, it } from 'vitest';
import { sweepFreezes } from '#functions/sweep/sweep-freezes.ts';
import type { PersonFreeze } from '#shared/core/rollout/freezes.ts';
import { eventIdOf } from '#shared/status/encode.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import { recordLog } from '#test/fakes/log.ts';
import { type MemoryFreezes, createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { B } from '#test/fixtures/digests.ts';
import { frozen } from '#test/fixtures/freeze.ts';
import { createRingsWorld } from '#test/fixtures/rings-world.ts';
import { HOUR, at, iso } from '#test/fixtures/rollout.ts';

const DAY = 24 * HOUR;
let memory: MemoryFreezes;
let events: StatusEvent[];
beforeEach(() => {
  memory = createMemoryFreezes();
  events = [];
});

function put(...some: readonly PersonFreeze[]): void {
  memory.set(JSON.stringify(some));
}

async function note(event: StatusEvent): Promise<void> {
  events.push(event);
}

function sweep(ms: number, publish = note) {
  const { log } = recordLog();
  return sweepFreezes({ staging: { freezes: memory.open() }, publish, now: () => at(ms), log });
}

describe('a sweep of freezes', () => {
  it('leaves what holds as it is', async () => {
    put(frozen(), frozen({ id: 'f-2', until: iso(HOUR) }));
    const { freezing, faults } = await sweep(0);
    expect(freezing?.of({ repository: 'any' }).map(({ name }) => name)).toEqual(['f-1', 'f-2']);
    expect([faults, events]).toEqual([[], []]);
  });

  it('is about none where there never were any, and writes nothing', async () => {
    const { freezing } = await sweep(0);
    expect(freezing?.of({ repository: 'any' })).toEqual([]);
    expect(await memory.open().read()).toEqual({ freezes: [], lost: false });
  });

  it('ends one whose time has passed, and no other', async () => {
    put(frozen({ until: iso(HOUR) }), frozen({ id: 'f-2' }));
    await sweep(HOUR);
    expect(memory.list().map(({ id }) => id)).toEqual(['f-2']);
    expect(events).toMatchObject([
      { type: 'freeze.ended', data: { id: 'f-1', actor: 'sweep', frozenBy: 'ops@acme.example' } },
    ]);
    await sweep(2 * HOUR);
    expect(events).toHaveLength(1);
  });

  it('publishes again what has held for a week, once a week, under an id of its own', async () => {
    put(frozen());
    for (let hour = 0; hour < 15 * 24; hour += 6) await sweep(hour * HOUR);
    expect(events.map(({ type, data }) => [type, data.since])).toEqual([
      ['freeze.started', frozen().at],
      ['freeze.started', frozen().at],
    ]);
    expect(events.every(({ data }) => 'overdue' in data && data.overdue === true)).toBe(true);
    expect(new Set(events.map(eventIdOf)).size).toBe(2);
  });

  it('repeats what it could not record under the same id', async () => {
    put(frozen({ until: iso(HOUR) }));
    const failing = async (event: StatusEvent): Promise<void> => {
      events.push(event);
      throw new Error('gone');
    };
    expect((await sweep(HOUR, failing)).freezing).toBeUndefined();
    expect(memory.list()).toHaveLength(1);
    await sweep(HOUR + 60_000);
    expect(memory.list()).toEqual([]);
    expect(new Set(events.map(eventIdOf)).size).toBe(1);
  });

  it('freezes all where they are lost, publishes that once, and again after a week', async () => {
    put(frozen());
    memory.set(undefined);
    const [one, two] = await Promise.all([sweep(0), sweep(1_000)]);
    for (const { freezing } of [one, two]) {
      expect(freezing?.of({ repository: 'any' }).map(({ name }) => name)).toEqual(['lost']);
    }
    expect(new Set(events.map(eventIdOf)).size).toBe(1);
    expect(events[0]).toMatchObject({ severity: 'ERROR', data: { id: 'lost' } });
    events.length = 0;
    await sweep(60_000);
    await sweep(8 * DAY);
    expect(events).toMatchObject([{ data: { id: 'lost', overdue: true } }]);
  });

  it('knows nothing where they cannot be read, and says why', async () => {
    memory.fail();
    const { freezing, faults } = await sweep(0);
    expect(freezing).toBeUndefined();
    expect(faults).toMatchObject([{ code: 'store-unavailable' }]);
  });
});

describe('a roll-out while it is not known what is frozen', () => {
  it('takes no step, and goes on then', async () => {
    const world = await createRingsWorld();
    await world.round();
    await world.pushed(B);
    await world.work();
    const { version } = await world.record();
    world.freezes.fail();
    for (let round = 0; round < 10; round += 1) await world.round();
    expect((await world.record()).version).toBe(version);
    world.freezes.fail(false);
    for (let round = 0; round < 10; round += 1) await world.round();
    expect((await world.record()).version).toBeGreaterThan(version);
  });
});
