import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerCommand {
  readonly args: readonly string[];
  /** Its whole environment, PORT and HOST aside. */
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  /** Where its output goes; nowhere without it. */
  readonly log?: string;
  /** Its certificate, where it speaks HTTPS. */
  readonly ca?: string;
  /** What is asked of it first, and the status that it answers; 200 where none is named. */
  readonly first?: {
    readonly method: string;
    readonly path: string;
    readonly body?: string;
    readonly status?: number;
  };
}

export interface Server {
  readonly pid: number;
  readonly url: string;
  /** From its start to its first answer, in milliseconds. */
  readonly startMs: number;
  /** The CPU that it had used when its first answer left, in milliseconds. Throws where it has ended before. */
  firstAnswerCpuMs(): Promise<number>;
  /** SIGTERM, and then SIGKILL. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const FIRST_ANSWER = fileURLToPath(new URL('first-answer.cjs', import.meta.url));
/** Between two attempts to reach it. */
const POLL_MS = 1;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 12_000;
const HEALTH = { method: 'GET', path: '/health', status: 200 };

/** Starts a server by this same Node and asks it until it answers. Throws where it never does, or with another status. */
export async function spawnServer(command: ServerCommand): Promise<Server> {
  const { args, env, port, log, ca, first = HEALTH } = command;
  const output = log === undefined ? 'ignore' : openSync(log, 'a');
  const { status: expected = 200 } = first;
  const began = performance.now();
  const child = spawn(process.execPath, ['--require', FIRST_ANSWER, ...args], {
    env: { ...env, PORT: String(port), HOST, BENCH_FIRST_STATUS: String(expected) },
    stdio: ['ignore', output, output, 'pipe'],
  });
  const [, , , pipe] = child.stdio;
  const reported = pipe instanceof Readable ? text(pipe) : Promise.resolve('');
  const exited = once(child, 'exit');
  const status = await askUntilAnswered({ port, ca, ...first }, () => child.exitCode !== null);
  const startMs = performance.now() - began;

  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(timer);
  }

  if (status !== expected) {
    await stop();
    throw new Error(
      `${args.join(' ')} answered ${status} where ${expected} was expected; see ${log}`,
    );
  }
  return {
    pid: child.pid ?? 0,
    url: `${ca === undefined ? 'http' : 'https'}://${HOST}:${port}`,
    startMs,
    async firstAnswerCpuMs() {
      const cpuMs = await reported;
      if (cpuMs === '') throw new Error(`${args.join(' ')} has ended; see ${log}`);
      return Number(cpuMs);
    },
    stop,
  };
}

interface Ask {
  readonly port: number;
  readonly ca: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

async function askUntilAnswered(what: Ask, isDead: () => boolean): Promise<number> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline && !isDead()) {
    const status = await ask(what);
    if (status !== undefined) return status;
    await sleep(POLL_MS);
  }
  return 0;
}

/** The status; undefined while no process listens. */
function ask({ port, ca, method, path, body }: Ask): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const options = { host: HOST, port, method, path, headers, agent: false };
    const asked = ca === undefined ? request(options) : requestTls({ ...options, ca });
    asked.once('response', (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    });
    asked.once('error', () => resolve(undefined));
    asked.end(body);
  });
}
