import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { HOST } from './ports.ts';
import { WorldError } from './world-error.ts';

/** It stops within less by itself: its own limit for draining is shorter. */
const LIMITS = { startMs: 30_000, stopMs: 10_000 } as const;

/** The line that a function logs once it listens. */
const listening = z.object({
  message: z.literal('Listening'),
  port: z.int(),
  tls: z.boolean().default(false),
});

type Listening = z.infer<typeof listening>;

export interface FunctionSettings {
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
  /** Also told each line of its log. */
  readonly onLine: (line: string) => void;
}

export interface RunningFunction {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** Resolves, with its last words, should it end without having been told to. */
  readonly died: Promise<WorldError>;
  /** Lets it drain; kills it when that takes too long. */
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs a bundle by this same Node, and resolves once it listens. Throws a WorldError with its last log line. */
export async function startFunction(settings: FunctionSettings): Promise<RunningFunction> {
  const { name, bundle, port, env, limits = LIMITS } = settings;
  const child = spawn(process.execPath, [bundle], {
    env: { ...env, PORT: String(port), HOST },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = readLog(child, settings);
  let stopping = false;
  const { promise: closed, resolve: tellEnd } = Promise.withResolvers<void>();
  const { promise: died, resolve: tellDeath } = Promise.withResolvers<WorldError>();
  child.once('error', (error) => settings.onLine(error.message));
  // Not "exit": by "close" its last words have been read.
  child.once('close', (code, signal) => {
    tellEnd();
    if (!stopping) tellDeath(new WorldError(describeDeath(name, { code, signal }, log.last())));
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
  if (first instanceof WorldError) throw first;
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
): { readonly listening: Promise<Listening>; last(): string | undefined } {
  const { promise, resolve } = Promise.withResolvers<Listening>();
  const file = createWriteStream(logFile);
  let last: string | undefined;
  function take(line: string): void {
    last = line;
    file.write(`${line}\n`);
    onLine(line);
    const told = listening.safeParse(parseJson(line));
    if (told.success) resolve(told.data);
  }
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on('line', take);
  }
  child.once('close', () => file.end());
  return { listening: promise, last: () => last };
}

function describeDeath(name: string, { code, signal }: End, last = 'nothing'): string {
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return `Function ${name} ended ${how}; the last line of its log: ${last}`;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
