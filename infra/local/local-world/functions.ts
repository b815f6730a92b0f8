import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import * as z from 'zod';
import { parseJson } from '#shared/net/json.ts';
import { END_WITH_PARENT } from '../end-with-parent.ts';
import { HOST } from './ports.ts';
import { LocalWorldError } from './local-world-error.ts';

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
  /** Whether its log goes on behind what is in the file. */
  readonly append?: boolean;
  /** Milliseconds that it may take to listen, and to stop. */
  readonly limits?: { readonly startMs: number; readonly stopMs: number };
  /** Gets each line of its log, too. */
  readonly onLine: (line: string) => void;
}

export interface RunningFunction {
  readonly name: string;
  readonly pid: number;
  readonly bundle: string;
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
  const child = spawn(process.execPath, [...END_WITH_PARENT, bundle], {
    env: { ...env, PORT: String(port), HOST },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const log = readLog(child, settings);
  let stopping = false;
  const { promise: died, resolve: markDead } = Promise.withResolvers<LocalWorldError>();
  child.once('error', (error) => settings.onLine(error.message));
  // Not "exit": by "close" its last line has been read.
  child.once('close', (code, signal) => {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const last = log.last() ?? 'nothing';
    const message = `Function ${name} ended ${how}; the last line of its log: ${last}`;
    if (!stopping) markDead(new LocalWorldError(message));
  });

  async function stop(): Promise<void> {
    stopping = true;
    const timer = setTimeout(() => child.kill('SIGKILL'), limits.stopMs);
    child.kill('SIGTERM');
    await log.written;
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
    bundle,
    url: `${first.tls ? 'https' : 'http'}://${HOST}:${first.port}`,
    died,
    stop,
    kill: () => void child.kill('SIGKILL'),
  };
}

interface Log {
  readonly listening: Promise<z.infer<typeof listening>>;
  /** Resolves when the process has ended and all of its log is in the file. */
  readonly written: Promise<void>;
  last(): string | undefined;
}

/** Writes every line to the log file, and keeps the last. */
function readLog(child: ChildProcess, { logFile, append = false, onLine }: FunctionSettings): Log {
  const { promise, resolve } = Promise.withResolvers<z.infer<typeof listening>>();
  const file = createWriteStream(logFile, { flags: append ? 'a' : 'w' });
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
  return { listening: promise, last: () => last, written: finished(file) };
}
