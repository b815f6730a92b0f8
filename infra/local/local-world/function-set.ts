import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defined } from '#shared/core/defined.ts';
import type { LocalWorldFiles } from './files.ts';
import { type RunningFunction, startFunction } from './functions.ts';
import { LocalWorldError } from './local-world-error.ts';
import { FUNCTION_NAMES, type FunctionName, type Ports } from './ports.ts';

/** The pipeline does not work without these; the others are started where they have been built. */
const REQUIRED = ['push', 'cluster', 'sweep'] as const satisfies readonly FunctionName[];

interface FunctionsOptions {
  /** Folder of the bundles: `<name>/main.js` each. */
  readonly bundles: string;
  readonly built: readonly FunctionName[];
  readonly ports: Ports;
  readonly files: LocalWorldFiles;
  readonly pubsubHost: string;
  /** Where spans go; absent: nowhere. */
  readonly collector?: string;
  readonly onLine: (name: string, line: string) => void;
  /** Gets those that run, each time that one was started or stopped. */
  readonly onChange: (running: ReadonlyMap<FunctionName, RunningFunction>) => void;
}

/** The functions that have been built. Throws a LocalWorldError where one that is needed has not. */
export function findBuilt(bundles: string): FunctionName[] {
  const built = FUNCTION_NAMES.filter((name) => existsSync(bundleOf(bundles, name)));
  const missing = REQUIRED.filter((name) => !built.includes(name));
  if (missing.length === 0) return built;
  throw new LocalWorldError(
    `Not built: ${missing.join(', ')} in ${bundles}. Run \`npm run build\``,
  );
}

/** The functions of a world, each a process of its own. */
export interface FunctionSet {
  /** Those that run. */
  readonly running: ReadonlyMap<FunctionName, RunningFunction>;
  /** Resolves when one ends that was not stopped. */
  readonly failed: Promise<LocalWorldError>;
  /** Lets one drain, and leaves it stopped. Throws a LocalWorldError where it does not run. */
  stop(name: FunctionName): Promise<RunningFunction>;
  /** Starts one that was stopped, at the address that it had. Throws a LocalWorldError where there is none. */
  start(name: FunctionName): Promise<RunningFunction>;
}

/** Starts every function that has been built; `parts` stops them all at once. */
export async function startFunctions(
  options: FunctionsOptions,
  parts: AsyncDisposableStack,
): Promise<FunctionSet> {
  const { bundles, built, ports, files, onLine, onChange } = options;
  const running = new Map<FunctionName, RunningFunction>();
  const stopped = new Map<FunctionName, RunningFunction>();
  const { promise: failed, resolve: fail } = Promise.withResolvers<LocalWorldError>();
  const underWay = new Set<Promise<RunningFunction>>();
  let ending = false;
  parts.defer(async () => {
    ending = true;
    await Promise.allSettled(underWay);
    await Promise.all([...running.values()].map((one) => one.stop()));
  });

  // The end of the world waits for it: what it starts would be left running otherwise.
  async function steer(act: () => Promise<RunningFunction>): Promise<RunningFunction> {
    if (ending) throw new LocalWorldError('The local world stops');
    const acting = act();
    underWay.add(acting);
    try {
      return await acting;
    } finally {
      underWay.delete(acting);
    }
  }

  async function run(name: FunctionName, port: number, append: boolean): Promise<RunningFunction> {
    const started = await startFunction({
      name,
      bundle: bundleOf(bundles, name),
      port,
      env: environmentOf(name, options),
      logFile: join(files.logs, `${name}.log`),
      append,
      onLine: (line) => onLine(name, line),
    });
    running.set(name, started);
    void started.died.then(fail);
    onChange(running);
    return started;
  }

  // Where one fails, the others are waited for: only what has come up can be stopped.
  const starting = built.map((name) => run(name, ports[name], false));
  await Promise.allSettled(starting);
  await Promise.all(starting);

  async function stop(name: FunctionName): Promise<RunningFunction> {
    const one = running.get(name);
    if (one === undefined) throw new LocalWorldError(`Function ${name} does not run`);
    running.delete(name);
    await one.stop();
    stopped.set(name, one);
    onChange(running);
    return one;
  }

  async function start(name: FunctionName): Promise<RunningFunction> {
    const before = stopped.get(name);
    if (before === undefined) throw new LocalWorldError(`Function ${name} is not stopped`);
    stopped.delete(name);
    try {
      return await run(name, Number(new URL(before.url).port), true);
    } catch (error) {
      stopped.set(name, before);
      throw error;
    }
  }

  return {
    running,
    failed,
    stop: (name) => steer(() => stop(name)),
    start: (name) => steer(() => start(name)),
  };
}

function bundleOf(bundles: string, name: FunctionName): string {
  return join(bundles, name, 'main.js');
}

/** What sets the clock of this process and of those that it starts (libfaketime): a world has one clock. */
const CLOCK = ['LD_PRELOAD', 'FAKETIME', 'FAKETIME_SHARED', 'DONT_FAKE_MONOTONIC'];

/** All that a function reads: nothing of the caller's shell may change what it does, but for its clock. */
function environmentOf(
  name: FunctionName,
  { files, pubsubHost, collector }: FunctionsOptions,
): Record<string, string> {
  const tls = { COUNTERSIGN_TLS_CERT: files.tlsCert, COUNTERSIGN_TLS_KEY: files.tlsKey };
  return {
    COUNTERSIGN_CONFIG: files.config,
    PUBSUB_EMULATOR_HOST: pubsubHost,
    LOG_LEVEL: 'info',
    // Without it Google's client looks for a metadata server, waits, and warns.
    METADATA_SERVER_DETECTION: 'none',
    ...(name === 'admission' ? tls : {}),
    ...defined({
      ...Object.fromEntries(CLOCK.map((key) => [key, process.env[key]])),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      // It changes how soon a function is up, and nothing that it does.
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    }),
  };
}
