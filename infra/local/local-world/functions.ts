import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { parseJson } from '#shared/net/json.ts';
import type { LocalWorldFiles } from './files.ts';
import { FUNCTION_NAMES, type FunctionName, type Ports, HOST } from './ports.ts';
import { LocalWorldError } from './local-world-error.ts';

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
    ...defined({ OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
  };
}

/** It stops within less by itself: its own limit for draining is shorter. */
const LIMITS = { startMs: 30_000, stopMs: 10_000 } as const;

/** The line that a function logs once it listens. */
const listening = z.object({
  message: z.literal('Listening'),
  port: z.int(),
  tls: z.boolean().default(false),
});

interface FunctionSettings {
  readonly name: string;
  /** The built bundle. */
  readonly bundle: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Its whole environment, PORT and HOST aside. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Milliseconds that it may take to listen, and to stop. */
  readonly limits?: { readonly startMs: number; readonly stopMs: number };
  /** Gets each line of its log, too. */
  readonly onLine: (line: string) => void;
}

export interface RunningFunction {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** Resolves, with the last line of its log, should it end without `stop` or `kill`. */
  readonly died: Promise<LocalWorldError>;
  /** Lets it drain; kills it when that takes too long. */
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

/** Runs a bundle by this same Node, and resolves once it listens. Throws a LocalWorldError with its last log line. */
export async function startFunction(settings: FunctionSettings): Promise<RunningFunction> {
  const { name, bundle, port, env, limits = LIMITS } = settings;
  const child = spawn(process.execPath, [bundle], {
    env: { ...env, PORT: String(port), HOST },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = readLog(child, settings);
  let stopping = false;
  const { promise: closed, resolve: markClosed } = Promise.withResolvers<void>();
  const { promise: died, resolve: markDead } = Promise.withResolvers<LocalWorldError>();
  child.once('error', (error) => settings.onLine(error.message));
  // Not "exit": by "close" its last line has been read.
  child.once('close', (code, signal) => {
    markClosed();
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const last = log.last() ?? 'nothing';
    const message = `Function ${name} ended ${how}; the last line of its log: ${last}`;
    if (!stopping) markDead(new LocalWorldError(message));
  });

  async function stop(): Promise<void> {
    stopping = true;
    const timer = setTimeout(() => child.kill('SIGKILL'), limits.stopMs);
    child.kill('SIGTERM');
    await closed;
    clearTimeout(timer);
  }

  const limit = setTimeout(() => child.kill('SIGKILL'), limits.startMs);
  const first = await Promise.race([log.listening, died]);
  clearTimeout(limit);
  // Where it was killed for being late, its end says by what signal and after which line.
  if (first instanceof LocalWorldError) throw first;
  return {
    name,
    pid: child.pid ?? 0,
    url: `${first.tls ? 'https' : 'http'}://${HOST}:${first.port}`,
    died,
    stop,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Writes every line to the log file, and keeps the last. */
function readLog(
  child: ChildProcess,
  { logFile, onLine }: FunctionSettings,
): { readonly listening: Promise<z.infer<typeof listening>>; last(): string | undefined } {
  const { promise, resolve } = Promise.withResolvers<z.infer<typeof listening>>();
  const file = createWriteStream(logFile);
  let last: string | undefined;
  function take(line: string): void {
    last = line;
    file.write(`${line}\n`);
    onLine(line);
    const announced = listening.safeParse(parseJson(line));
    if (announced.success) resolve(announced.data);
  }
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on('line', take);
  }
  child.once('close', () => file.end());
  return { listening: promise, last: () => last };
}
