import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import type { App } from '../process/build-app.ts';
import { PATH } from './measure-size.ts';
import { openWorld } from './open-world.ts';
import { settle } from './rounds.ts';

const RUNS = 7;

/** What a cold start costs that finds work: from the start of a process to the answer to its first message. */
export async function measureColdWork(
  app: App,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const world = await openWorld({ app, clusters: 1, images: [{ path: PATH }], pubsub: 'embedded' });
  const times: Record<'push' | 'cluster', number[]> = { push: [], cluster: [] };
  try {
    for (let run = 0; run < (quick ? 1 : RUNS); run += 1) {
      say(`first message of a process, ${run + 1}`);
      const notification = await world.registry.push(PATH);
      const cluster = 'projects/fleet-host/locations/us-west1/memberships/cluster-0';
      const task = { cluster, reason: 'push', id: `cold-${run}` };
      times.cluster.push(await world.startAndSend('cluster', '/tasks', task));
      times.push.push(await world.startAndSend('push', '/', notification));
      // Its task goes to the cluster function that runs all the time.
      await settle(world);
    }
  } finally {
    await world.close();
  }
  return (['push', 'cluster'] as const).map((name) =>
    figureOf({ what: `${name}, start to first message done`, unit: 'ms', ours: times[name] }),
  );
}
