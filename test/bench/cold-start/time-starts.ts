import { join } from 'node:path';
import { freePort } from '#test/e2e/tools/free-port.ts';
import type { BenchContext } from '../frame/bench.ts';
import { type Figure, figureOf } from '../frame/figure.ts';
import type { App } from '../process/build-app.ts';
import { readImageEnv, readImageFlags } from '../process/image-env.ts';
import { readUsage } from '../process/read-usage.ts';
import { type ServerCommand, spawnServer } from '../process/spawn-server.ts';
import { helloWorld } from './hello-world.ts';

const RUNS = 11;
const QUICK_RUNS = 1;

/** Of the floor (docs/performance.md#budgets). */
const BUDGETS: Readonly<Record<string, number>> = {
  admission: 1,
  push: 1.2,
  sweep: 1.2,
  api: 1.2,
  cluster: 2,
};

/** A hello world with the packages of an opened function. */
export const SAME_PACKAGES = 'same-packages';

/** Of `same-packages`, whose packages are those of functions with a store. */
const OPEN_BUDGET = 1.2;

const ROOT_PAGE = { method: 'GET', path: '/' };
const NOWHERE = { method: 'GET', path: '/nowhere', status: 404 };

interface Start {
  readonly ms: number[];
  readonly cpuMs: number[];
  readonly peakMiB: number[];
}

/** Each function, with and without the compile cache and until it has opened, in turn with a hello world that is not bundled. */
export async function timeStarts(
  app: App,
  config: string,
  { say, quick }: BenchContext,
): Promise<readonly Figure[]> {
  const [image, flags] = [await readImageEnv(), await readImageFlags()];
  const env = { ...image, COUNTERSIGN_CONFIG: config, METADATA_SERVER_DETECTION: 'none' };
  const names = app.bundles.map(({ name }) => name).filter((name) => name !== SAME_PACKAGES);
  const starts = new Map<string, Start>();
  const commands: [string, Omit<ServerCommand, 'port'>][] = [
    ['hello', await helloWorld()],
    [
      SAME_PACKAGES,
      {
        args: [...flags, join(app.dir, 'start.js'), SAME_PACKAGES],
        env: { ...env, ...app.cached },
        first: ROOT_PAGE,
      },
    ],
    ...names.flatMap((name): [string, Omit<ServerCommand, 'port'>][] => {
      const args = [...flags, join(app.dir, 'start.js'), name];
      return [
        [name, { args, env: { ...env, ...app.cached } }],
        [`${name}, no cache`, { args, env }],
        // What only the opened function answers; ready it is not, for the config leads nowhere.
        [`${name}, open`, { args, env: { ...env, ...app.cached }, first: NOWHERE }],
      ];
    }),
  ];
  for (let at = 0; at < (quick ? QUICK_RUNS : RUNS); at += 1) {
    for (const [name, command] of commands) {
      say(`${name}, ${at + 1}`);
      await startOnce(command, startsOf(starts, name));
    }
  }
  const hello = startsOf(starts, 'hello');
  const floor = { name: 'hello world', samples: hello.ms };
  const same = startsOf(starts, SAME_PACKAGES);
  const openBudget = { budget: { of: 'ratio', limit: OPEN_BUDGET } } as const;
  return names.flatMap((name) => {
    const limit = BUDGETS[name];
    const budget = limit === undefined ? {} : { budget: { of: 'ratio', limit } as const };
    const [own, bare] = [startsOf(starts, name), startsOf(starts, `${name}, no cache`)];
    const opened = startsOf(starts, `${name}, open`);
    const cpu = { name: 'hello world', samples: hello.cpuMs };
    const sameCpu = { name: SAME_PACKAGES, samples: same.cpuMs };
    const isWhole = name !== 'admission' && name !== 'history';
    const memory = { name: 'hello world', samples: hello.peakMiB };
    return [
      figureOf({ what: `${name}, start to 200`, unit: 'ms', ours: own.ms, floor, ...budget }),
      figureOf({ what: `${name}, no compile cache`, unit: 'ms', ours: bare.ms, floor }),
      figureOf({ what: `${name}, start to open`, unit: 'ms', ours: opened.ms, floor }),
      figureOf({ what: `${name}, CPU to open`, unit: 'ms', ours: opened.cpuMs, floor: cpu }),
      figureOf({
        what: `${name}, CPU to open over the same packages`,
        unit: 'ms',
        ours: opened.cpuMs,
        floor: sameCpu,
        ...(isWhole && openBudget),
      }),
      figureOf({ what: `${name}, memory`, unit: 'MiB', ours: opened.peakMiB, floor: memory }),
    ];
  });
}

async function startOnce(command: Omit<ServerCommand, 'port'>, into: Start): Promise<void> {
  const server = await spawnServer({ ...command, port: await freePort() });
  const cpuMs = await server.firstAnswerCpuMs();
  const { peakMiB } = await readUsage(server.pid);
  await server.stop();
  into.ms.push(server.startMs);
  into.cpuMs.push(cpuMs);
  into.peakMiB.push(peakMiB);
}

function startsOf(starts: Map<string, Start>, name: string): Start {
  const found = starts.get(name) ?? { ms: [], cpuMs: [], peakMiB: [] };
  starts.set(name, found);
  return found;
}
