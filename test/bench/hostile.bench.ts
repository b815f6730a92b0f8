import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchConfig } from './fan-out/bench-config.ts';
import { type CountedRegistry, startCountedRegistry } from './fan-out/counted-registry.ts';
import type { BenchContext } from './frame/bench.ts';
import { type Figure, figureOf } from './frame/figure.ts';
import { type CrowdDouble, type CrowdMember, startCrowdDouble } from './hostile/crowd-double.ts';
import type { WorkerTask } from './hostile/worker-process.ts';
import { readImageEnv } from './process/image-env.ts';
import { type OwnProcess, startOwnProcess } from './process/own-process.ts';
import { readUsage } from './process/read-usage.ts';

const GOOD = 99;
const RUNS = 5;
const KINDS = ['conflict', 'slow', 'hanging', 'throwing'] as const;
type Kind = (typeof KINDS)[number];

/** One instance takes so many tasks at once (infra/terraform/services.tf). */
const TASKS_AT_ONCE = 80;
const CROWD = 5_000;
const NAMESPACES = 50;

/**
 * What one hostile RSync costs its neighbours: from the task of a push to the last approval of the 99 others, against
 * the same without it. And the most memory that a cluster of 5,000 RepoSyncs on absent tags takes, beside tasks of
 * other clusters, under the image's own V8 flags.
 */
export async function bench(context: BenchContext): Promise<readonly Figure[]> {
  await using parts = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'countersign-hostile-'));
  parts.defer(() => rm(dir, { recursive: true, force: true }));
  const registry = await startCountedRegistry();
  parts.defer(() => registry.close());
  const double = await startCrowdDouble();
  parts.defer(() => double.close());
  const bad = await startBadRegistry();
  parts.defer(bad.close);
  const config = join(dir, 'countersign.yaml');
  const text = benchConfig({
    registry: registry.host,
    publicKey: registry.publicKey,
    store: join(dir, 'unused.sqlite'),
  });
  await writeFile(config, withRegistry(text, registry.host, bad.host));
  const image = await readImageEnv();
  const start = (): OwnProcess<WorkerTask, string> => {
    const module = new URL('hostile/worker-process.ts', import.meta.url);
    const worker = startOwnProcess<WorkerTask, string>(module, image);
    parts.defer(() => worker.stop());
    return worker;
  };
  const shared = { dir, config, registry, double, badHost: bad.host };
  return [
    ...(await measureNeighbours(start(), shared, context)),
    await measureMemory(start(), shared, context),
  ];
}

interface Shared {
  readonly dir: string;
  readonly config: string;
  readonly registry: CountedRegistry;
  readonly double: CrowdDouble;
  readonly badHost: string;
}

async function measureNeighbours(
  worker: OwnProcess<WorkerTask, string>,
  { dir, config, registry, double, badHost }: Shared,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const pushed = await registry.push('configs/good');
  const image = pushed.tag;
  let serial = 0;
  async function round(hostile: Kind | undefined): Promise<number> {
    serial += 1;
    const cluster = `c${serial}`;
    const store = join(dir, 'store.sqlite');
    double.set(cluster, crowdOf(hostile, image, badHost));
    const began = performance.now();
    const done = worker.ask({ server: double.url, config, store, clusters: [cluster] });
    const lastAt = await double.patched(cluster, GOOD);
    await done;
    return lastAt - began;
  }
  await round(undefined);
  const figures: Figure[] = [];
  for (const kind of KINDS) {
    say(`one ${kind} RSync among ${GOOD + 1}`);
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let run = 0; run < (quick ? 1 : RUNS); run += 1) {
      floor.push(await round(undefined));
      ours.push(await round(kind));
    }
    figures.push(
      figureOf({
        what: `push to the last approval of ${GOOD}, beside one that is ${kind}`,
        unit: 'ms',
        ours,
        floor: { name: 'without it', samples: floor },
        budget: { of: 'ratio', limit: 1.2 },
      }),
    );
  }
  return figures;
}

function crowdOf(hostile: Kind | undefined, image: string, badHost: string): CrowdMember[] {
  const good = Array.from({ length: GOOD }, (_, at) => ({
    namespace: `team-${at}`,
    name: 'repo-sync',
    image,
  }));
  if (hostile === undefined) return good;
  const shared = { namespace: 'hostile', name: 'repo-sync' };
  const one: CrowdMember =
    hostile === 'conflict' || hostile === 'slow'
      ? { ...shared, image, hostile }
      : { ...shared, image: `${badHost}/configs/${hostile}:v1` };
  return [one, ...good];
}

async function measureMemory(
  worker: OwnProcess<WorkerTask, string>,
  { dir, config, registry, double }: Shared,
  { say, quick }: BenchContext,
): Promise<Figure> {
  const size = quick ? 200 : CROWD;
  say(
    `${size} RepoSyncs of one cluster on absent tags, beside ${TASKS_AT_ONCE - 1} tasks of others`,
  );
  const crowd = Array.from({ length: size }, (_, at) => ({
    namespace: `team-${at % NAMESPACES}`,
    name: `r${at}`,
    image: `${registry.host}/configs/absent:v${at}`,
  }));
  double.set('crowd', crowd);
  const { tag: image } = await registry.push('configs/other');
  const others = Array.from({ length: TASKS_AT_ONCE - 1 }, (_, at) => `other-${at}`);
  for (const cluster of others) {
    double.set(cluster, [{ namespace: 'team', name: 'repo-sync', image }]);
  }
  const began = performance.now();
  const store = join(dir, 'memory.sqlite');
  const clusters = ['crowd', ...others];
  const result = await worker.ask({ server: double.url, config, store, clusters });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  say(`took ${seconds} s: ${result}`);
  const { peakMiB } = await readUsage(worker.pid);
  return figureOf({
    what: `peak memory with ${size} RepoSyncs on absent tags and ${TASKS_AT_ONCE - 1} other tasks`,
    unit: 'MiB',
    ours: [peakMiB],
    budget: { of: 'ours', limit: 256 },
  });
}

/** A registry whose manifests hang, and whose every other answer is an error. */
async function startBadRegistry(): Promise<{ host: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url?.includes('/hanging/') === true) return;
    response.writeHead(500).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The config with a second registry, and an entry for its images. */
function withRegistry(text: string, first: string, second: string): string {
  return text
    .split('\n')
    .flatMap((line) => (line.includes(first) ? [line, line.replaceAll(first, second)] : [line]))
    .join('\n');
}
