import { handleTask } from '#functions/cluster/handle-task.ts';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import { rolloutsSchema } from '#shared/config/schema-rollouts.ts';
import { createStrategies } from '#shared/config/strategies.ts';
import type { RolloutState } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Task } from '#shared/core/task.ts';
import type { Records } from '#shared/records/records.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { type PushWorld, createPushWorld, deliver, messageOf } from '#test/fixtures/push-world.ts';
import { IMAGE, buildRSync, liveStatus, ociSource } from '#test/fixtures/rsync.ts';

/** How a fleet is rolled out. */
export interface FleetPlan {
  readonly clusters: number;
  /** Clusters of the last stage that are under way at once. */
  readonly atOnce: number;
  readonly effect: 'pin' | 'gate';
}

/** What one roll-out came to, in minutes of a clock that nothing waits for. */
export interface FleetResult {
  /** From the push until every cluster runs it and the record says so. */
  readonly minutes: number;
  readonly calls: number;
  readonly patches: number;
  /** Calls in the busiest minute. */
  readonly peak: number;
  readonly records: { readonly writes: number; readonly reads: number; readonly bytes: number };
  readonly tasks: number;
  /** Of one sweep on this machine, its tasks aside, in milliseconds. */
  readonly sweepMs: readonly number[];
}

const MINUTE_MS = 60_000;
/** A list is of RootSyncs and of RepoSyncs. */
const CALLS_OF_A_LIST = 2;
export const SOAK_MINUTES = { canary: 60, early: 240 };
const SETTINGS = {
  periodMs: 15 * MINUTE_MS,
  /** A quarter of what Connect Gateway allows in a minute. */
  callsPerMinute: 600,
  withdrawBrake: 0.05,
  pendingAfterMs: 60 * MINUTE_MS,
};
const REPOSITORY = IMAGE.slice(0, IMAGE.lastIndexOf(':'));
/** Longer than any roll-out. */
const MAX_MINUTES = 3_000;

/** Rolls a digest out over a fleet that runs another, through push, sweep and cluster, minute by minute. */
export async function runFleet(
  { clusters, atOnce, effect }: FleetPlan,
  say: (text: string) => void,
): Promise<FleetResult> {
  const names = Array.from({ length: clusters }, (_, index) => `cluster-${index}`);
  const rule: ImageRule = {
    match: 'us-docker.pkg.dev/acme/**',
    trust: 'release',
    effect,
    downgrade: 'warn',
    rollout: 'fleet',
  };
  const spec = effect === 'pin' ? `${IMAGE}@${A}` : IMAGE;
  const running = {
    source: ociSource(spec),
    status: liveStatus(A, spec),
    annotations: { approved: A, imageToSync: `${spec}@${A}` },
  };
  const world = createPushWorld({
    clusters: Object.fromEntries(
      names.map((name) => [name, [buildRSync({ ...running, uid: `uid-${name}` })]]),
    ),
    labels: Object.fromEntries(names.map((name, index) => [name, { ring: ringOf(index) }])),
  });
  const counted = countRecords(createMemoryRecords().open());
  const rollouts = rolloutsSchema.parse(rolloutsOf(atOnce));
  const strategies = createStrategies({ rollouts, images: [rule], access: {} });
  const deps = {
    ...world.push,
    fleet: world.clusters.fleet,
    rsyncs: world.clusters.rsyncs,
    settings: world.deps.settings,
    rules: createImageRules([rule]),
    staging: { strategies, records: counted.records, freezes: createMemoryFreezes().open() },
  };
  const tasks: Task[] = [];
  const publishTasks = async (some: readonly Task[]): Promise<void> => void tasks.push(...some);
  const sweepMs: number[] = [];
  let done = 0;
  let peak = 0;
  let sweeps = 0;

  async function work(): Promise<void> {
    const some = tasks.splice(0);
    done += some.length;
    for (const task of some) await handleTask(messageOf(world, task), deps);
    takeUp(world, some, effect);
  }

  async function minute(): Promise<void> {
    world.pass(MINUTE_MS - 1_000);
    const before = callsOf(world, names);
    const began = performance.now();
    const newId = (): string => `sweep-${(sweeps += 1)}`;
    await handleSweep({ ...deps, settings: SETTINGS, publishTasks, newId });
    sweepMs.push(performance.now() - began);
    world.pass(1_000);
    await work();
    peak = Math.max(peak, callsOf(world, names).calls - before.calls);
  }

  async function until(status: RolloutState): Promise<number> {
    for (let minutes = 0; minutes < MAX_MINUTES; minutes += 1) {
      const { record } = await counted.records.read(IMAGE);
      if (record?.status === status) return minutes;
      if (minutes % 30 === 0) say(`${clusters} clusters, minute ${minutes}, ${record?.stage}`);
      await minute();
    }
    throw new Error(`Never ${status}`);
  }

  world.tags.set(IMAGE, A);
  for (const digest of [A, B]) world.verdicts.set(digest, VERIFIED);
  try {
    await until('completed');
    await minute();
    const before = callsOf(world, names);
    const [writes, reads] = [counted.writes(), counted.reads()];
    [done, peak] = [0, 0];
    sweepMs.length = 0;
    world.tags.set(IMAGE, B);
    // What was asked of the registry at this very moment is still remembered.
    world.pass(1_000);
    const data = { action: 'INSERT', digest: `${REPOSITORY}@${B}`, tag: IMAGE };
    await deliver(messageOf(world, data), { ...deps, publishTasks });
    await work();
    const minutes = await until('completed');
    const after = callsOf(world, names);
    return {
      minutes,
      calls: after.calls - before.calls,
      patches: after.patches - before.patches,
      peak,
      records: {
        writes: counted.writes() - writes,
        reads: counted.reads() - reads,
        bytes: counted.bytes(),
      },
      tasks: done,
      sweepMs,
    };
  } finally {
    await world.deps.store.close();
  }
}

/** One of a hundred is a canary, ten are early. */
function ringOf(index: number): string {
  return index % 100 === 0 ? 'canary' : index % 10 === 0 ? 'early' : 'rest';
}

function rolloutsOf(atOnce: number): object {
  const { canary, early } = SOAK_MINUTES;
  return {
    clustersAtOnce: atOnce,
    strategies: {
      fleet: {
        stages: [
          { name: 'canary', clusters: 'ring = canary', maxConcurrency: '100%', soak: `${canary}m` },
          { name: 'early', clusters: 'ring = early', maxConcurrency: '25%', soak: `${early}m` },
          { name: 'rest', maxConcurrency: atOnce },
        ],
      },
    },
  };
}

function callsOf({ clusters }: PushWorld, names: readonly string[]) {
  let lists = 0;
  let patches = 0;
  for (const name of names) {
    for (const verb of clusters.cluster(name).calls) {
      if (verb === 'list') lists += 1;
      else patches += 1;
    }
  }
  return { calls: CALLS_OF_A_LIST * lists + patches, patches };
}

/** Config Sync has a minute: what is approved where the spec has it is live. */
function takeUp({ clusters }: PushWorld, tasks: readonly Task[], effect: 'pin' | 'gate'): void {
  for (const { cluster } of tasks) {
    const { rsyncs } = clusters.cluster(cluster);
    for (const [key, rsync] of rsyncs) {
      if (!rsync.annotations.approved.keys.includes(B)) continue;
      const image = effect === 'pin' ? `${IMAGE}@${B}` : IMAGE;
      const status = { ...liveStatus(B, image), observedGeneration: rsync.generation };
      rsyncs.set(key, { ...rsync, status });
    }
  }
}

/** The records, and what is asked of them. */
function countRecords(whole: Records) {
  let writes = 0;
  let reads = 0;
  let bytes = 0;
  const read = <T>(answer: Promise<T>): Promise<T> => {
    reads += 1;
    return answer;
  };
  const records: Records = {
    read: (image) => read(whole.read(image)),
    list: () => read(whole.list()),
    ofRepository: (repository) => read(whole.ofRepository(repository)),
    async replace(record, over) {
      writes += 1;
      bytes = Math.max(bytes, Buffer.byteLength(JSON.stringify(record)));
      return whole.replace(record, over);
    },
    async remove(entry) {
      writes += 1;
      return whole.remove(entry);
    },
    close: () => whole.close(),
  };
  return { records, writes: () => writes, reads: () => reads, bytes: () => bytes };
}
