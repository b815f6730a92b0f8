import { setTimeout as sleep } from 'node:timers/promises';
import { type Usage, readUsage } from '../process/read-usage.ts';
import type { GatewayCounts } from './gateway-process.ts';
import { GCR, SWEEP_TASKS, type World } from './open-world.ts';

/** What one push, or one turn of tasks, came to. */
export interface Round {
  /** From the publication of the event to the last call that counts. */
  readonly ms: number;
  readonly counts: GatewayCounts;
  readonly registryCalls: number;
  readonly cpuMs: Readonly<Record<'push' | 'cluster', number>>;
}

/** What counts is timed by the gateway: asking more often would only take CPU from what is measured. */
const POLL_MS = 25;
/** So long with next to no CPU used: it is over. */
const QUIET_MS = 300;
const QUIET_CPU_MS = 30;
const LIMIT_MS = 600_000;

/** Pushes an image and waits until every follower is approved. */
export async function runPush(world: World, path: string, followers: number): Promise<Round> {
  const notification = await world.registry.push(path);
  return measureRound(world, {
    begin: () => world.publish(GCR, [{ data: notification }]),
    isDone: ({ patches }) => patches >= followers,
    endOf: ({ lastPatchAt }) => lastPatchAt,
  });
}

/** Gives every cluster a task as a sweep does, and waits until it has been looked at. */
export async function runSweep(world: World, clusters: number, serial: string): Promise<Round> {
  const messages = Array.from({ length: clusters }, (_, at) => {
    const cluster = `projects/fleet-host/locations/us-west1/memberships/cluster-${at}`;
    return { data: { cluster, reason: 'sweep', id: serial }, orderingKey: cluster };
  });
  return measureRound(world, {
    begin: () => world.publish(SWEEP_TASKS, messages),
    isDone: ({ lists }) => lists >= 2 * clusters,
    endOf: ({ lastListAt }) => lastListAt,
  });
}

interface Course {
  readonly begin: () => Promise<void>;
  readonly isDone: (counts: GatewayCounts) => boolean;
  readonly endOf: (counts: GatewayCounts) => number;
}

async function measureRound(world: World, { begin, isDone, endOf }: Course): Promise<Round> {
  await settle(world);
  await world.gateway({ reset: true });
  world.registry.reset();
  const before = await usageOf(world);
  const began = performance.timeOrigin + performance.now();
  await begin();
  const deadline = performance.now() + LIMIT_MS;
  let reached = await world.gateway();
  while (!isDone(reached)) {
    if (performance.now() > deadline) throw new Error(`No end: ${JSON.stringify(reached)}`);
    await sleep(POLL_MS);
    reached = await world.gateway();
  }
  await settle(world);
  const [counts, after] = await Promise.all([world.gateway(), usageOf(world)]);
  return {
    ms: endOf(reached) - began,
    counts,
    registryCalls: world.registry.calls(),
    cpuMs: {
      push: after.push.cpuMs - before.push.cpuMs,
      cluster: after.cluster.cpuMs - before.cluster.cpuMs,
    },
  };
}

/** Waits until no function does anything any more. */
export async function settle(world: World): Promise<void> {
  for (let last = -Infinity; ; ) {
    const { push, cluster } = await usageOf(world);
    const spent = push.cpuMs + cluster.cpuMs;
    if (spent - last <= QUIET_CPU_MS) return;
    last = spent;
    await sleep(QUIET_MS);
  }
}

export async function usageOf({
  functions,
}: World): Promise<Readonly<Record<'push' | 'cluster', Usage>>> {
  const [push, cluster] = await Promise.all([
    readUsage(functions.push.pid),
    readUsage(functions.cluster.pid),
  ]);
  return { push, cluster };
}
