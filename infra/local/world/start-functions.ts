import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldFiles } from './files.ts';
import { type RunningFunction, startFunction } from './function-process.ts';
import { FUNCTION_NAMES, type FunctionName, type Ports } from './ports.ts';
import { WorldError } from './world-error.ts';

/** The pipeline does not work without these; the others are started where they have been built. */
const REQUIRED = ['push', 'cluster', 'sweep'] as const satisfies readonly FunctionName[];

export interface FunctionsOptions {
  /** Folder of the bundles: `<name>/main.js` each. */
  readonly bundles: string;
  readonly built: readonly FunctionName[];
  readonly ports: Ports;
  readonly files: WorldFiles;
  readonly pubsubHost: string;
  /** Where spans go; absent: nowhere. */
  readonly collector?: string;
  readonly onLine: (name: string, line: string) => void;
}

/** The functions that have been built. Throws a WorldError where one that is needed has not. */
export function findBuilt(bundles: string): FunctionName[] {
  const built = FUNCTION_NAMES.filter((name) => existsSync(bundleOf(bundles, name)));
  const missing = REQUIRED.filter((name) => !built.includes(name));
  if (missing.length === 0) return built;
  throw new WorldError(`Not built: ${missing.join(', ')} in ${bundles}. Run \`npm run build\``);
}

/** Starts every function that has been built, each as a process of its own; `parts` stops them all at once. */
export async function startFunctions(
  options: FunctionsOptions,
  parts: AsyncDisposableStack,
): Promise<ReadonlyMap<FunctionName, RunningFunction>> {
  const { bundles, built, ports, files, onLine } = options;
  const functions = new Map<FunctionName, RunningFunction>();
  parts.defer(async () => {
    await Promise.all([...functions.values()].map((running) => running.stop()));
  });
  const starting = built.map(async (name) => {
    const running = await startFunction({
      name,
      bundle: bundleOf(bundles, name),
      port: ports[name],
      env: environmentOf(name, options),
      logFile: join(files.logs, `${name}.log`),
      onLine: (line) => onLine(name, line),
    });
    functions.set(name, running);
  });
  // Where one fails, the others are waited for: only what has come up can be stopped.
  await Promise.allSettled(starting);
  await Promise.all(starting);
  return functions;
}

function bundleOf(bundles: string, name: FunctionName): string {
  return join(bundles, name, 'main.js');
}

/** All that a function reads: nothing of the caller's shell may change what it does. */
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
    ...(collector === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
  };
}
