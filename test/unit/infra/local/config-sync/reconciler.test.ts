import { afterEach, describe, expect, it } from 'vitest';
import { KubeError } from '#infra/local/config-sync/kube-client.ts';
import { createLifetime, type Lifetime } from '#infra/local/config-sync/lifetime.ts';
import { startReconciler } from '#infra/local/config-sync/reconciler.ts';
import { readRSync, specSchema, type Status } from '#infra/local/config-sync/rsync.ts';
import type { SourceState } from '#infra/local/config-sync/source.ts';
import { manualClock } from '../pubsub/manual-clock.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const IMAGE = 'h/i:v1';
const spec = { sourceType: 'oci', oci: { image: IMAGE, auth: 'none' } };
let lifetime: Lifetime;

afterEach(() => lifetime?.end());

function ready(commit: string, ...paths: string[]): SourceState {
  return { type: 'ready', content: { commit, paths } };
}

/** A reconciler at the pace of a real cluster, over a cluster that refuses as a test asks. */
function start() {
  const clock = manualClock();
  const world = {
    clock,
    source: ready(A),
    refuse: undefined as Error | undefined,
    /** When an attempt announced what, in seconds since the start. */
    announced: [] as [number, string | null][],
    statuses: [] as Status[],
    errors: [] as unknown[],
    gets: 0,
  };
  lifetime = createLifetime({ clock, onError: (error) => world.errors.push(error) });
  const began = clock.now();
  const object = (status: Status) => {
    const metadata = {
      name: 'root-sync',
      namespace: 'n',
      uid: 'u',
      resourceVersion: '1',
      generation: 1,
    };
    return readRSync('RootSync', { metadata, spec, status });
  };
  const current = () => object(world.statuses.at(-1) ?? {});
  startReconciler({
    rsync: object({}),
    spec: specSchema.parse(spec),
    source: { container: 'oci-sync', state: () => world.source, retryPull: () => undefined },
    pace: { pollMs: 15_000, attemptMs: 15_000, rolloutMs: 0 },
    lifetime,
    cluster: 'cluster-1',
    webhook: false,
    inventory: new Map(),
    kube: {
      apply: () => Promise.reject(new Error('not asked for')),
      remove: () => Promise.reject(new Error('not asked for')),
      async get() {
        world.gets += 1;
        return current();
      },
      async annotate(_, __, value) {
        world.announced.push([(clock.now() - began) / 1000, value]);
        if (world.refuse !== undefined) throw world.refuse;
        return current();
      },
      async putStatus(_, status) {
        world.statuses.push(status);
        return current();
      },
    },
  });
  return world;
}

type Started = ReturnType<typeof start>;

function times({ announced }: Started): number[] {
  return announced.map(([time]) => time);
}

function stages({ statuses }: Started): (string | undefined)[] {
  return statuses.map(({ conditions }) => {
    const syncing = conditions?.find(({ type }) => type === 'Syncing');
    return `${syncing?.status} ${syncing?.reason} ${syncing?.message}`;
  });
}

describe('startReconciler()', () => {
  it('tries first after one period, then each period after, and announces every time', async () => {
    const world = start();
    await world.clock.advance(60_000);
    const value = `${IMAGE}@sha256:${A}`;
    expect(world.announced).toEqual([15, 30, 45, 60].map((time) => [time, value]));
  });

  it('writes each stage of a new commit once, and nothing while it stays', async () => {
    const world = start();
    const once = [
      'True Source Source',
      'True Rendering Rendering skipped',
      'True Sync Syncing',
      'False Sync Sync Completed',
    ];
    await world.clock.advance(60_000);
    expect(stages(world)).toEqual(once);
    world.source = ready(B);
    await world.clock.advance(60_000);
    expect(stages(world)).toEqual([...once, ...once]);
    expect(world.statuses.at(-1)?.lastSyncedCommit).toBe(B);
  });

  it('syncs everything again after an hour', async () => {
    const world = start();
    await world.clock.advance(3_599_000);
    expect(stages(world)).toHaveLength(4);
    await world.clock.advance(16_000);
    expect(stages(world).slice(4)).toEqual(['True Sync Syncing', 'False Sync Sync Completed']);
  });

  it('retries a refusal after 1, 2, 4, 8 and 16 s in all, and so on, beside the period', async () => {
    const world = start();
    world.refuse = new KubeError(422, 'denied');
    await world.clock.advance(46_000);
    expect(times(world)).toEqual([15, 16, 17, 19, 23, 31, 46]);
    expect(world.statuses).toHaveLength(1);
    expect(world.statuses[0]?.source).toMatchObject({ commit: A, errors: [{ code: '2002' }] });
    // The refusal is known: the API server is not asked again what the status says.
    expect(world.gets).toBe(1);
  });

  it('stops retrying after twelve steps, and goes on each period', async () => {
    const world = start();
    world.refuse = new KubeError(422, 'denied');
    await world.clock.advance(3 * 3_600_000);
    const before = world.announced.length;
    await world.clock.advance(150_000);
    expect(world.announced).toHaveLength(before + 10);
  });

  it('heals at its next attempt once a refused new commit passes', async () => {
    const world = start();
    await world.clock.advance(15_000);
    world.source = ready(B);
    world.refuse = new KubeError(422, 'denied');
    await world.clock.advance(120_000);
    expect(world.statuses.at(-1)).toMatchObject({ lastSyncedCommit: A, sync: { commit: A } });
    world.refuse = undefined;
    await world.clock.advance(15_000);
    expect(world.statuses.at(-1)).toMatchObject({
      lastSyncedCommit: B,
      source: { errorSummary: {} },
    });
  });

  it('keeps the error of a commit that it had read before until its next retry', async () => {
    const world = start();
    await world.clock.advance(15_000);
    world.refuse = new KubeError(422, 'denied');
    // Refused at 30, retried at 31, 33, 37, 45, 61, 93.
    await world.clock.advance(80_000);
    world.refuse = undefined;
    await world.clock.advance(60_000);
    expect(world.statuses.at(-1)?.source?.errors).toHaveLength(1);
    await world.clock.advance(5_000);
    expect(world.statuses.at(-1)?.source?.errors).toBeUndefined();
    expect(stages(world).at(-1)).toBe('False Sync Sync Completed');
  });

  it.each([
    ['a refusal of 403', new KubeError(403, 'forbidden'), '2013'],
    ['a refusal', new KubeError(422, 'denied'), '2002'],
    ['a time-out', new Error('no answer within 15 s'), '2002'],
  ])('takes %s for a denial', async (_, refusal, code) => {
    const world = start();
    world.refuse = refusal;
    await world.clock.advance(15_000);
    const [error] = world.statuses.at(-1)?.source?.errors ?? [];
    expect(error?.code).toBe(code);
    expect(error?.errorMessage).toMatch(
      new RegExp(
        `^KNV${code}: failed to patch RootSync annotation: configsync\\.gke\\.io/image-to-sync: .*${refusal.message}\n\nFor more information, see https://`,
      ),
    );
    expect(world.statuses.at(-1)?.rendering).toBeUndefined();
  });

  it('waits for the first pull without a word, and reports a failed one without a commit', async () => {
    const world = start();
    world.source = { type: 'waiting' };
    await world.clock.advance(20_000);
    expect([world.announced, world.statuses]).toEqual([[], []]);
    world.source = { type: 'failed', why: 'no such tag' };
    await world.clock.advance(1_000);
    expect(world.statuses.at(-1)?.source).toMatchObject({
      ociStatus: { image: IMAGE, dir: '.' },
      errors: [
        { code: '2004', errorMessage: expect.stringContaining('oci-sync container: no such tag') },
      ],
    });
    expect(world.statuses.at(-1)?.source).not.toHaveProperty('commit');
    expect(world.announced).toEqual([]);
  });

  it('retries a sync that fails, and begins its back-off anew with a new commit', async () => {
    const world = start();
    world.source = ready(A, 'fail.yaml');
    await world.clock.advance(16_000);
    expect(world.statuses.at(-1)?.sync?.errors).toHaveLength(1);
    expect(stages(world).slice(-2)).toEqual(['True Sync Syncing', 'False Sync Sync Completed']);
    await world.clock.advance(13_000);
    world.source = ready(B, 'deep/fail.yaml');
    await world.clock.advance(4_000);
    const after = times(world).filter((time) => time > 16);
    expect(after).toEqual([17, 19, 23, 31, 32, 33]);
    expect(world.statuses.at(-1)).not.toHaveProperty('lastSyncedCommit');
  });
});
