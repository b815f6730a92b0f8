import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import type { App } from '../process/build-app.ts';
import type { BareResult } from './bare-process.ts';
import { BARE_NUMBER, HOP, type World, openWorld } from './open-world.ts';
import { type Round, runPush, runSweep, usageOf } from './rounds.ts';

export interface Size {
  readonly clusters: number;
  readonly runs: number;
  /** Of each call to a cluster. */
  readonly latenciesMs: readonly number[];
}

/** Pushes under way at once in the embedded Pub/Sub, and so clusters at once in the bare loops. */
const AT_ONCE = 64;
/** docs/performance.md#budgets names this one. */
const BUDGET_SIZE = 1_000;
const BUDGET_LATENCY_MS = 20;
const FAIL_EVERY = 100;
/** One cluster of so many may fail three times in a row, and is left to the next sweep, which there is none of here. */
const LEFT_TO_SWEEP = 1_000;
export const PATH = 'configs/platform';

interface Floors {
  readonly clientNode: BareResult[];
  readonly http: BareResult[];
  readonly hop: BareResult[];
}

/** Everything there is to know of a fleet of one size, in a world of its own. */
export async function measureSize(
  app: App,
  { clusters, runs, latenciesMs }: Size,
  context: BenchContext,
): Promise<readonly Figure[]> {
  const { say } = context;
  const images = [{ path: PATH }];
  const world = await openWorld({ app, clusters, images, pubsub: 'embedded' });
  const of = `${clusters} clusters`;
  try {
    say(`${of}, first push`);
    const first = await runPush(world, PATH, clusters);
    const figures = [
      figureOf({
        what: `${of}, first push, processes and store new`,
        unit: 'ms',
        ours: [first.ms],
      }),
    ];
    await warmFloors(world, clusters);
    for (const latencyMs of latenciesMs) {
      say(`${of}, ${latencyMs} ms`);
      figures.push(...(await measureLatency(world, { clusters, runs, latencyMs })));
    }
    figures.push(...(await measureNothingToDo(world, clusters)));
    say(`${of}, with failures`);
    await world.gateway({ latencyMs: BUDGET_LATENCY_MS, failEvery: FAIL_EVERY });
    const failing = await runPush(world, PATH, clusters - Math.floor(clusters / LEFT_TO_SWEEP));
    await world.gateway({ latencyMs: 0, failEvery: 0 });
    figures.push(
      figureOf({ what: `${of}, 20 ms, 1 % of calls fail`, unit: 'ms', ours: [failing.ms] }),
      figureOf({
        what: `${of}, 20 ms, calls that failed and were repeated`,
        unit: 'calls',
        ours: [failing.counts.failures],
      }),
    );
    return [...figures, ...(await memoryOf(world, clusters))];
  } finally {
    await world.close();
  }
}

async function measureLatency(
  world: World,
  { clusters, runs, latencyMs }: Omit<Size, 'latenciesMs'> & { readonly latencyMs: number },
): Promise<readonly Figure[]> {
  await world.gateway({ latencyMs });
  const rounds: Round[] = [];
  const floors: Floors = { clientNode: [], http: [], hop: [] };
  for (let run = 0; run < runs; run += 1) {
    rounds.push(await runPush(world, PATH, clusters));
    await runFloors(world, clusters, floors);
  }
  await world.gateway({ latencyMs: 0 });
  const name = `${clusters} clusters, ${latencyMs} ms`;
  const ms = (results: readonly BareResult[]): readonly number[] => results.map((one) => one.ms);
  const each = (results: readonly BareResult[]): readonly number[] =>
    results.map(({ cpuMs }) => cpuMs / clusters);
  const ours = rounds.map((round) => round.ms);
  const hop = ms(floors.hop);
  const isBudgeted = clusters >= BUDGET_SIZE && latencyMs === BUDGET_LATENCY_MS;
  const within = (limit: number) => (isBudgeted ? { budget: { of: 'ratio', limit } as const } : {});
  const loop = { name: 'a client-node loop', samples: ms(floors.clientNode) };
  const bare = { name: 'a bare http loop', samples: ms(floors.http) };
  const cpu = { name: 'a client-node loop', samples: each(floors.clientNode) };
  const perCluster = (of: 'push' | 'cluster'): readonly number[] =>
    rounds.map(({ cpuMs }) => cpuMs[of] / clusters);
  const calls = (of: 'lists' | 'patches'): readonly number[] =>
    rounds.map(({ counts }) => counts[of] / clusters);
  return [
    figureOf({
      what: `${name}, event to last approval`,
      unit: 'ms',
      ours,
      floor: loop,
      ...within(1.4),
    }),
    figureOf({ what: `${name}, the same`, unit: 'ms', ours, floor: bare }),
    figureOf({ what: `${name}, the Pub/Sub hop alone`, unit: 'ms', ours: hop }),
    // As section 12 has it: the hop, which the loop does not have, is a line of its own.
    figureOf({
      what: `${name}, without the hop`,
      unit: 'ms',
      ours: ours.map((total, at) => total - (hop[at] ?? 0)),
      floor: loop,
      ...within(1.2),
    }),
    figureOf({
      what: `${name}, CPU of cluster a cluster`,
      unit: 'ms',
      ours: perCluster('cluster'),
      floor: cpu,
      ...within(1.3),
    }),
    figureOf({ what: `${name}, CPU of push a cluster`, unit: 'ms', ours: perCluster('push') }),
    figureOf({
      what: `${name}, lists a cluster`,
      unit: 'calls',
      ours: calls('lists'),
      budget: AT_MOST[2],
    }),
    figureOf({
      what: `${name}, patches a cluster`,
      unit: 'calls',
      ours: calls('patches'),
      budget: AT_MOST[1],
    }),
    figureOf({
      what: `${name}, calls of GKE Hub`,
      unit: 'calls',
      ours: rounds.map(({ counts }) => counts.hub),
    }),
    figureOf({
      what: `${name}, calls of the registry`,
      unit: 'calls',
      ours: rounds.map(({ registryCalls }) => registryCalls),
    }),
  ];
}

const AT_MOST = {
  0: { of: 'ours', limit: 0 },
  1: { of: 'ours', limit: 1 },
  2: { of: 'ours', limit: 2 },
} as const;

/** The turn before reports what is live since the last push; then there is nothing left to report. */
async function measureNothingToDo(world: World, clusters: number): Promise<readonly Figure[]> {
  await runSweep(world, clusters, 'tells');
  const { counts, cpuMs } = await runSweep(world, clusters, 'tells nothing');
  const name = `${clusters} clusters, nothing to do`;
  return [
    figureOf({
      what: `${name}, lists a cluster`,
      unit: 'calls',
      ours: [counts.lists / clusters],
      budget: AT_MOST[2],
    }),
    figureOf({
      what: `${name}, patches`,
      unit: 'calls',
      ours: [counts.patches],
      budget: AT_MOST[0],
    }),
    figureOf({ what: `${name}, CPU a cluster`, unit: 'ms', ours: [cpuMs.cluster / clusters] }),
  ];
}

async function memoryOf(world: World, clusters: number): Promise<readonly Figure[]> {
  const usage = await usageOf(world);
  const budget = clusters === BUDGET_SIZE ? { budget: { of: 'ours', limit: 256 } as const } : {};
  return (['push', 'cluster'] as const).map((name) =>
    figureOf({
      what: `${clusters} clusters, peak memory of ${name}`,
      unit: 'MiB',
      ours: [usage[name].peakMiB],
      ...budget,
    }),
  );
}

async function runFloors(world: World, clusters: number, into: Floors): Promise<void> {
  const { url, lastPatch: patch, lastHeaders } = await world.gateway();
  const authorization = lastHeaders['authorization'] ?? '';
  const task = { url, number: BARE_NUMBER, clusters, atOnce: AT_ONCE, patch, authorization };
  into.clientNode.push(await world.bare({ kind: 'client-node', ...task }));
  into.http.push(await world.bare({ kind: 'http', ...task }));
  const { pubsubHost } = world;
  const topic = `projects/local/topics/${HOP}`;
  into.hop.push(await world.bare({ kind: 'hop', topic, pubsubHost, clusters }));
}

/** What the compiler has not seen yet is not the floor. */
async function warmFloors(world: World, clusters: number): Promise<void> {
  for (let run = 0; run < 2; run += 1) {
    await runFloors(world, Math.min(clusters, 200), { clientNode: [], http: [], hop: [] });
  }
}
