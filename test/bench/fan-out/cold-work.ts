import { freePort } from '#test/e2e/tools/free-port.ts';
import { helloWorld } from '../cold-start/hello-world.ts';
import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import type { App } from '../process/build-app.ts';
import { spawnServer } from '../process/spawn-server.ts';
import { PATH } from './measure-size.ts';
import { type ColdStart, openWorld } from './open-world.ts';
import { settle } from './rounds.ts';

const RUNS = 7;
const NAMES = ['push', 'cluster'] as const;

/** Of the CPU of a hello world until its first answer (docs/performance.md#budgets). */
const BUDGET = { of: 'ratio', limit: 1.8 } as const;

/** What a cold start costs that finds work: from the start of a process to the answer to its first message. */
export async function measureColdWork(
  app: App,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const world = await openWorld({ app, clusters: 1, images: [{ path: PATH }], pubsub: 'embedded' });
  const starts: Record<'push' | 'cluster' | 'hello', ColdStart[]> = {
    push: [],
    cluster: [],
    hello: [],
  };
  try {
    for (let run = 0; run < (quick ? 1 : RUNS); run += 1) {
      say(`first message of a process, ${run + 1}`);
      starts.hello.push(await startHello());
      const notification = await world.registry.push(PATH);
      const cluster = 'projects/fleet-host/locations/us-west1/memberships/cluster-0';
      const task = { cluster, reason: 'push', id: `cold-${run}` };
      starts.cluster.push(await world.startAndSend('cluster', '/tasks', task));
      starts.push.push(await world.startAndSend('push', '/', notification));
      // Its task goes to the cluster function that runs all the time.
      await settle(world);
    }
  } finally {
    await world.close();
  }
  const cpuOf = (name: keyof typeof starts): number[] => starts[name].map(({ cpuMs }) => cpuMs);
  const floor = { name: 'hello world', samples: cpuOf('hello') };
  return NAMES.flatMap((name) => [
    figureOf({
      what: `${name}, start to first message done`,
      unit: 'ms',
      ours: starts[name].map(({ ms }) => ms),
    }),
    figureOf({
      what: `${name}, CPU to first message done`,
      unit: 'ms',
      ours: cpuOf(name),
      floor,
      budget: BUDGET,
    }),
  ]);
}

async function startHello(): Promise<ColdStart> {
  const server = await spawnServer({ ...(await helloWorld()), port: await freePort() });
  const cpuMs = await server.firstAnswerCpuMs();
  await server.stop();
  return { ms: server.startMs, cpuMs };
}
