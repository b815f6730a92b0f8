import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FleetLine } from '#functions/api/fleet/operation.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { paceFor } from '#shared/fleet/pace.ts';
import { createApiWorld, liveRSync } from '#test/fixtures/api-world.ts';
import { createFakeFleet } from '#test/fixtures/fake-fleet.ts';

const NAMES = Array.from({ length: 50 }, (_, at) => `cluster-${String(at).padStart(3, '0')}`);
const DEAD = NAMES.filter((_, at) => at % 10 === 3);
const CALL_MS = 10_000;
const TICK_MS = 250;
const LONGER_THAN_IT_TAKES_MS = 70_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Fifty clusters, two calls each, paid from the budget of one of `maxInstances` instances; five never answer. */
async function pacedWorld(maxInstances: number) {
  const clusters = Object.fromEntries(NAMES.map((name) => [name, [liveRSync()]]));
  const fake = createFakeFleet(clusters);
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const pace = paceFor('api', { maxInstances, now: () => Date.now(), sleep });
  const call = (cluster: string) =>
    pace.run(cluster, 'list', async () => {
      if (!DEAD.includes(cluster)) return;
      await sleep(CALL_MS);
      throw new CountersignError('cluster-unreachable', 'It does not answer');
    });
  const world = createApiWorld(
    { clusters },
    {
      rsyncs: {
        ...fake.rsyncs,
        async list(api) {
          await Promise.all([call(api.cluster), call(api.cluster)]);
          return fake.rsyncs.list(api);
        },
      },
    },
  );
  await world.sweep();
  world.pass(60_000);
  return { world, pace };
}

interface Told {
  readonly name: string;
  readonly phase: string;
  readonly second: number;
  readonly message: string | undefined;
  readonly ageSeconds: number | undefined;
}

/** What the stream sends, and at which second. */
async function readStream(answer: Response, startedAt: number): Promise<Told[]> {
  const told: Told[] = [];
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const { cluster } = FleetLine.parse(JSON.parse(line));
      if (cluster === undefined) continue;
      const { cluster: name, phase, message, ageSeconds } = cluster;
      told.push({ name, phase, message, ageSeconds, second: (Date.now() - startedAt) / 1_000 });
    }
  }
  return told;
}

async function readAll(maxInstances: number) {
  const { world, pace } = await pacedWorld(maxInstances);
  const startedAt = Date.now();
  const reading = world
    .get('/v1/fleet?live=true', 'application/x-ndjson')
    .then((answer) => readStream(answer, startedAt));
  for (let at = 0; at < LONGER_THAN_IT_TAKES_MS; at += TICK_MS) {
    await vi.advanceTimersByTimeAsync(TICK_MS);
  }
  return { told: await reading, pace };
}

describe('a live read of fifty clusters, paid from the share of the API', () => {
  it.each([
    [1, 25],
    [2, 50],
  ])('of %i instances answers every living one within %i s', async (maxInstances, seconds) => {
    const { told, pace } = await readAll(maxInstances);
    const living = told.filter(({ phase }) => phase === 'Reachable');
    expect(living.map(({ name }) => name).toSorted()).toEqual(
      NAMES.filter((name) => !DEAD.includes(name)),
    );
    expect(Math.max(...living.map(({ second }) => second))).toBeLessThanOrEqual(seconds);
    expect(living.every(({ ageSeconds }) => ageSeconds === 0)).toBe(true);
    const dead = told.filter(({ phase }) => phase === 'Unreachable');
    expect(dead.map(({ name }) => name).toSorted()).toEqual(DEAD);
    // The first come at once, long before the dead are given up.
    expect(told[0]?.second).toBe(0);
    expect(told.findIndex(({ phase }) => phase !== 'Reachable')).toBeGreaterThan(10);
    expect(pace.calls.list).toBe(100);
  });

  it('shows what was known, and how old that is, where the budget does not suffice', async () => {
    const { told } = await readAll(6);
    const late = told.filter(({ message }) => message?.startsWith('Not read: ') === true);
    expect(told).toHaveLength(50);
    expect(late.length).toBeGreaterThan(10);
    // None of them is called unreachable: that was not found out.
    expect(new Set(late.map(({ phase }) => phase))).toEqual(new Set(['Reachable']));
    expect(late.every(({ ageSeconds = 0 }) => ageSeconds > 0)).toBe(true);
    expect(Math.max(...told.map(({ second }) => second))).toBeLessThanOrEqual(56);
  });
});
