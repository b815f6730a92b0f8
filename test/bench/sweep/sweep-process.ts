import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { handleSweep } from '#functions/sweep/handle-sweep.ts';
import { createImageRules } from '#shared/config/image-rules.ts';
import { rolloutsSchema } from '#shared/config/schema-rollouts.ts';
import { createStrategies } from '#shared/config/strategies.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import { openFirestoreStore } from '#shared/store/firestore-store.ts';
import { createMemoryFreezes } from '#test/fakes/memory-freezes.ts';
import { createMemoryRecords } from '#test/fakes/memory-records.ts';
import { VERIFIED } from '#test/fixtures/decision.ts';
import { A, B } from '#test/fixtures/digests.ts';
import { hugeFleet } from '#test/fixtures/huge-fleet.ts';
import { createReconcileWorld } from '#test/fixtures/reconcile-world.ts';
import { thereNow } from '#test/fixtures/there-now.ts';
import { type Asked, answerParent } from '../process/own-process.ts';
import { DATABASE, FLEET_NOW, LOOKS_A_MINUTE } from './shape.ts';

/** One sweep, a minute after the one before. */
export interface SweepTask {
  readonly port: number;
  readonly clusters: number;
  /** Whether images are rolled out in stages. */
  readonly staged: boolean;
}

export interface SweepAnswer {
  readonly cpuMs: number;
  readonly tasked: number;
  /** What is kept from one sweep to the next, after a collection. */
  readonly heapMiB: number;
}

const MINUTE_MS = 60_000;
/** So many clusters follow every image of the fleet. */
const IMAGES = 100;
const MIB = 1024 * 1024;
const RULE: ImageRule = {
  match: 'us-docker.pkg.dev/acme/**',
  trust: 'release',
  effect: 'pin',
  downgrade: 'warn',
};

let time = Date.parse(FLEET_NOW);
let opened: ReturnType<typeof open> | undefined;

function open({ port, clusters, staged }: SweepTask): () => Promise<{ readonly tasked: number }> {
  const now = (): Date => new Date(time);
  const store = openFirestoreStore({
    ...DATABASE,
    fetch,
    emulatorHost: `127.0.0.1:${port}`,
    googleToken: () => Promise.resolve(''),
    now,
    onUnreadable: () => {},
  });
  const world = createReconcileWorld({ clusters: {}, store });
  for (const digest of [A, B]) world.verdicts.set(digest, VERIFIED);
  const { labels } = hugeFleet(clusters);
  for (const { syncs } of hugeFleet(IMAGES).records()) {
    for (const { image } of syncs) if (image !== undefined) world.tags.set(image, A);
  }
  const members = [...labels].map(([name, of]) => ({ name, id: name, labels: of }));
  const rule = staged ? { ...RULE, rollout: 'fleet' } : RULE;
  let sweeps = 0;
  return () =>
    handleSweep({
      ...world.deps,
      now,
      fleet: { list: async () => ({ members, unreachable: [] }) },
      rules: createImageRules([rule]),
      ...(staged && { staging: stagingOf(rule) }),
      publishTasks: async () => {},
      settings: {
        periodMs: 15 * MINUTE_MS,
        callsPerMinute: 2 * LOOKS_A_MINUTE,
        withdrawBrake: 0.05,
        pendingAfterMs: 60 * MINUTE_MS,
      },
      newId: () => `sweep-${(sweeps += 1)}`,
      resolveNow: thereNow,
    });
}

let staging: Staging | undefined;

/** Stages by labels that the fleet has. */
function stagingOf(rule: ImageRule): Staging {
  const rollouts = rolloutsSchema.parse({
    clustersAtOnce: 300,
    strategies: {
      fleet: {
        stages: [
          { name: 'canary', clusters: 'env = test', maxConcurrency: '100%', soak: '60m' },
          { name: 'early', clusters: 'region = eu', maxConcurrency: '25%', soak: '240m' },
          { name: 'rest', maxConcurrency: 300 },
        ],
      },
    },
  });
  staging ??= {
    strategies: createStrategies({ rollouts, images: [rule], access: {} }),
    records: createMemoryRecords().open(),
    freezes: createMemoryFreezes().open(),
  };
  return staging;
}

async function run(task: SweepTask): Promise<SweepAnswer> {
  opened ??= open(task);
  const before = process.cpuUsage();
  const { tasked } = await opened();
  const { user, system } = process.cpuUsage(before);
  time += MINUTE_MS;
  return { cpuMs: (user + system) / 1000, tasked, heapMiB: heapMiB() };
}

function heapMiB(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed / MIB;
}

process.on('message', (asked: Asked<SweepTask>) => {
  answerParent(asked, run(asked.task));
});
