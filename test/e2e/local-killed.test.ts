import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { choosePorts, requireFreePorts } from '#infra/local/local-world/ports.ts';
import { createRandom } from '#test/faults/random.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
import { until } from '#test/fixtures/until.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));
const UP = 'The local world is up';
/** Twenty moments, two by two. */
const PAIRS = Array.from({ length: 10 }, (_, at) => at + 1);
const random = createRandom(process.env['COUNTERSIGN_SEED'] ?? 'local-killed');
/** Of the time that a start takes here: a part of the moments is in the start, a part is after it. */
const LATEST = 1.3;
/** Below what systems give to outgoing connections, which would now and then be in the way. */
const OFFSET = randomInt(10_000, 24_000);

let root: string;
/** The world's own, and no other process's: by its name they are found. */
let dir: string;
let temporary: string;
/** What a start takes here and now, in milliseconds. */
let startMs: number;
const running = new Set<ChildProcess>();

interface World {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<unknown>;
}

function start(): World {
  const args = [
    'local',
    'up',
    '--dir',
    dir,
    '--port-offset',
    String(OFFSET),
    '--clusters',
    '1',
    '--empty',
  ];
  const env = { ...process.env, TMPDIR: temporary };
  const child = endWithTests(() => spawn(process.execPath, [MAIN, ...args], { env }));
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  const ended = once(child, 'close').then(() => void running.delete(child));
  return { child, output: () => text, ended };
}

/** Starts it, and waits until it is up; then asks it to stop. */
async function startAndStop(): Promise<void> {
  const { child, output, ended } = start();
  let over = false;
  void ended.then(() => (over = true));
  await until(() => over || output().includes(UP), output);
  expect(output()).toContain(UP);
  child.kill('SIGTERM');
  await ended;
  expect(child.exitCode).toBe(0);
}

/** Processes that have the folder of the world among their arguments or variables. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const [args, env] = await Promise.all(
      ['cmdline', 'environ'].map((file) =>
        readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''),
      ),
    );
    if (`${args}${env}`.includes(folder)) found.push(`${pid} ${args?.replaceAll('\0', ' ')}`);
  }
  return found;
}

/** Processes and temporary files; throws where a port is taken. */
async function whatIsLeft(): Promise<readonly string[]> {
  await requireFreePorts(choosePorts(OFFSET));
  return [...(await processesOf(dir)), ...(await readdir(temporary))];
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-killed-'));
  dir = join(root, 'world');
  temporary = join(root, 'tmp');
  await mkdir(temporary);
  const began = performance.now();
  await startAndStop();
  startMs = performance.now() - began;
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  // Where a test is red; a world that was killed then must not be in the way of the next run.
  for (const left of await processesOf(dir)) process.kill(Number.parseInt(left, 10), 'SIGKILL');
  await rm(root, { recursive: true });
});

/** Starts it, and kills it at some moment. */
async function startAndKill(): Promise<void> {
  const { child, ended } = start();
  await sleep(random.between(0, LATEST * startMs));
  child.kill('SIGKILL');
  await ended;
}

// Twice in a row: the second is killed while it ends what the first has left, or once it has.
it.each(PAIRS)(
  'leaves no process, no port and no temporary file once it has started again, %i',
  async () => {
    await startAndKill();
    await startAndKill();
    await startAndStop();
    expect(await whatIsLeft()).toEqual([]);
  },
);
