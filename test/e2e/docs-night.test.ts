import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { type Desk, openDesk } from '#test/docs/desk.ts';
import { ROOT_SYNC, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { publishSigned } from '#test/fixtures/world-story.ts';
import type { Finished } from './tools/process.ts';
import { SELDOM } from '#test/patience.ts';

// One night in the local world: the commands of docs/runbook.md, docs/stop.md, docs/go-back.md and docs/go-on.md.

// Looking more often would spend what the API allows a caller in a minute.
/** No test waits for it: the next stage is opened by a person. */
const LONG_SOAK_SECONDS = 3_600;

const Rollouts = z.object({
  rollouts: z.array(z.object({ id: z.string(), status: z.string(), digest: z.string() })),
});
const Freezes = z.object({ freezes: z.array(z.object({ id: z.string() })) });

let world: TestWorld;
let desk: Desk;
let url = '';
let image = '';
let first = '';
let second = '';

beforeAll(async () => {
  world = await startTestWorld({ soakSeconds: LONG_SOAK_SECONDS, sweepMs: 300 });
  desk = await openDesk();
  url = world.functions.get('api')?.url ?? '';
  image = `${world.registry}/configs/platform:v1`;
  first = await publishSigned(world, 'night: 1\n');
});
afterAll(async () => {
  await desk?.clear();
  await world?.stop();
});

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(await (await fetch(`${url}${path}`)).json());
}

async function rollout(): Promise<z.infer<typeof Rollouts>['rollouts'][number] | undefined> {
  return (await read('/v1/rollouts', Rollouts)).rollouts[0];
}

/** Until the roll-out is of that digest, and stands there. */
async function reach(digest: string, ...statuses: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    const { status, ...found } = (await rollout()) ?? { status: 'none' };
    expect({ ...found, status: statuses.includes(status) ? statuses[0] : status }).toMatchObject({
      digest,
      status: statuses[0],
    });
  }, SELDOM);
}

/** Until all clusters run that digest. */
async function runs(digest: string, ...names: readonly string[]): Promise<void> {
  const commit = digest.slice('sha256:'.length);
  await vi.waitFor(async () => {
    for (const name of names) {
      expect((await world.get(name, ROOT_SYNC)).status.lastSyncedCommit).toBe(commit);
    }
  }, SELDOM);
}

const ALL = ['cluster-1', 'cluster-2', 'cluster-3'] as const;

/** A block as it stands, with what its page asks the reader to look up. */
async function type(id: string, more: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return desk.run(id, {
    env: {
      COUNTERSIGN_URL: url,
      IMAGE: image,
      CLUSTER: 'cluster-3',
      SYNC: `RootSync/${ROOT_SYNC.name}`,
      ID: (await rollout())?.id,
      ...more,
    },
  });
}

async function done(id: string, text: RegExp, more?: Record<string, string>): Promise<void> {
  const { code, stdout, stderr } = await type(id, more);
  expect(code, `${stderr}${stdout}`).toBe(0);
  expect(stdout).toMatch(text);
}

/** What is frozen, each once. */
async function freezes(): Promise<readonly string[]> {
  return (await read('/v1/freezes', Freezes)).freezes.map(({ id }) => id);
}

describe('a night', () => {
  it('has a fix everywhere at once, by an overrider', async () => {
    await reach(first, 'soaking');
    await done('on-promote', /is (?:rolling|completed)/);
    await runs(first, ...ALL);
    await reach(first, 'completed');
    second = await publishSigned(world, 'night: 2\n');
    await reach(second, 'soaking');
    expect((await rollout())?.id).toBeDefined();
  });

  it('answers why, who and what', async () => {
    const why = await type('night-why');
    expect(why).toMatchObject({ code: 1 });
    expect(why.stdout).toMatch(/Waits for stage "rest"/);
    // What is published is in the history a moment later. A key signs by its fingerprint.
    await vi.waitFor(
      () =>
        done('night-who', /rollout\.promoted .* local [^]*sync\.approved .* [A-Za-z0-9+/]{43}=/),
      SELDOM,
    );
    await done('night-what', /rollout\.promoted/);
  });

  it('stops: everything, an image, some clusters, a roll-out, a cluster', async () => {
    await done('night-stop', /Frozen/);
    await done('stop-all', /Frozen/);
    await done('stop-image', /Frozen/);
    await done('stop-clusters', /Frozen/);
    await done('stop-rollout', /is paused/);
    await done('stop-cluster', /of cluster-3 are held/);
    const look = await type('stop-look');
    expect(look).toMatchObject({ code: 1 });
    expect(look.stdout).toMatch(/INC-7: its database[^]*paused[^]*INC-7: orders fail everywhere/);
    await runs(first, 'cluster-2', 'cluster-3');
  });

  it('goes on: holds, the roll-out, the freezes', async () => {
    const look = await type('on-look');
    expect(look.stdout).toMatch(/cluster-3[^]*paused[^]*INC-7: orders fail everywhere/);
    await done('on-unhold', /of cluster-3 are no longer held/);
    await done('on-resume', /is (?:rolling|soaking)/);
    for (const FREEZE of await freezes()) await done('on-unfreeze', /Unfrozen/, { FREEZE });
    expect(await freezes()).toEqual([]);
    await reach(second, 'soaking', 'rolling');
  });

  it('goes back, and is started again by a person', async () => {
    await done('night-back', /is rolling-back/);
    await runs(first, ...ALL);
    await reach(first, 'rolled-back');
    await done('on-retry', /is rolling/);
    await runs(second, 'cluster-1');
    await done('back-look', /Would touch/);
    await done('back-rollout', /is rolling-back/);
    await reach(first, 'rolled-back');
    await done('on-retry', /is rolling/);
    await runs(second, 'cluster-1');
    await done('back-to', /is rolling-back/, { DIGEST: first });
    await runs(first, ...ALL);
    await done('back-wait', /Live everywhere/, { DIGEST: first });
    expect((await type('back-status')).stdout).toMatch(/root-sync/);
  });

  it('takes what is pushed after it, by itself or by a person', async () => {
    await done('on-resync', /tasked/);
    const third = await publishSigned(world, 'night: 3\n');
    await reach(third, 'soaking');
    await done('on-promote', /is/);
    await runs(third, ...ALL);
    await reach(third, 'completed');
    await done('on-start', /is rolling/, { DIGEST: first });
    await runs(first, 'cluster-1');
    await runs(third, 'cluster-2', 'cluster-3');
    expect(await freezes()).toEqual([]);
  });
});
