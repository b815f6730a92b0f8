import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { choosePorts, requireFreePorts } from '#infra/local/local-world/ports.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));
const PATIENCE = { timeout: 15_000, interval: 50 };
/** Below what systems give to outgoing connections, which would now and then be in the way. */
const OFFSETS = { from: 10_000, to: 24_000 };

interface Command {
  readonly child: ChildProcess;
  /** Standard output and error so far. */
  readonly output: () => string;
  readonly exitCode: Promise<unknown>;
}

let dir: string;
let offset: number;
const started: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-local-'));
  // Away from the world that a developer may run beside the tests.
  offset = randomInt(OFFSETS.from, OFFSETS.to);
});
afterEach(async () => {
  for (const child of started.splice(0)) signalAll(child, 'SIGKILL');
  await rm(dir, { recursive: true });
});

/** `npm run local -- …` in a process group of its own, as a shell starts it. */
function start(...args: readonly string[]): Command {
  const options = ['--dir', dir, '--port-offset', String(offset), '--clusters', '1', ...args];
  const child = spawn(process.execPath, [MAIN, 'local', 'up', ...options], { detached: true });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const exitCode = once(child, 'close').then(([code]: unknown[]) => code);
  return { child, output: () => text, exitCode };
}

async function startReady(...args: readonly string[]): Promise<Command> {
  const command = start(...args);
  await vi.waitFor(() => expect(command.output()).toContain('The local world is up'), PATIENCE);
  return command;
}

/** As a terminal does: to the whole process group. */
function signalAll({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(pid ?? 0), signal);
  } catch {
    // No process is left to stop.
  }
}

/** Neither a process of the group nor a listener on its ports is left. */
async function expectNothingLeft({ pid }: ChildProcess): Promise<void> {
  expect(() => process.kill(-(pid ?? 0), 0)).toThrow('ESRCH');
  await requireFreePorts(choosePorts(offset));
}

describe('npm run local', () => {
  it('says what to type next, and stops on Ctrl-C', async () => {
    const fixture = (name: string) =>
      new URL(`../fixtures/cosign/cosign3.${name}`, import.meta.url);
    await copyFile(fixture('key'), join(dir, 'cosign.key'));
    await copyFile(fixture('pub'), join(dir, 'cosign.pub'));
    await writeFile(join(dir, 'store.sqlite'), 'of an earlier world');
    const { child, output, exitCode } = await startReady();
    expect(output()).toContain('crane append');
    expect(output()).toContain(`127.0.0.1:${5000 + offset}/configs/platform:v1`);
    signalAll(child, 'SIGINT');
    expect(await exitCode).toBe(0);
    await expectNothingLeft(child);
    const logs = ['cluster.log', 'push.log', 'sweep.log', 'world.log'];
    expect(await readdir(join(dir, 'logs'))).toEqual(expect.arrayContaining(logs));
    // The key pair was kept. The store was begun anew: nothing of the earlier one was left to set aside.
    expect(await readFile(join(dir, 'cosign.key'))).toEqual(await readFile(fixture('key')));
    const stores = (await readdir(dir)).filter((name) => name.startsWith('store'));
    expect(stores.filter((name) => !/^store\.sqlite(?:-wal|-shm)?$/.test(name))).toEqual([]);
  });

  it('stops on SIGTERM to itself alone, and shows its logs when asked to', async () => {
    const { child, output, exitCode } = await startReady('--verbose');
    expect(output()).toMatch(/^\[push\] \{.*"Listening"/m);
    child.kill('SIGTERM');
    expect(await exitCode).toBe(0);
    await expectNothingLeft(child);
  });

  it('stops when Ctrl-C comes before it is up', async () => {
    const { child, exitCode } = start();
    // Its functions have been started, do not listen yet, and know nothing of draining.
    const logs = join(dir, 'logs');
    await vi.waitFor(async () => expect(await readdir(logs)).toContain('sweep.log'), {
      ...PATIENCE,
      interval: 5,
    });
    signalAll(child, 'SIGINT');
    expect(await exitCode).toBe(0);
    await expectNothingLeft(child);
  });

  it('stops with exit code 1 when a function dies', async () => {
    const { child, output, exitCode } = await startReady('--verbose');
    const [, pid] = /push .*, process (\d+)/.exec(output()) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    expect(await exitCode).toBe(1);
    expect(output()).toContain('Function push ended by SIGKILL; the last line of its log: {');
    await expectNothingLeft(child);
  });

  it('names a taken port and the way around it', async () => {
    const server = createServer().listen(8083 + offset, '127.0.0.1');
    await once(server, 'listening');
    const { output, exitCode } = start();
    expect(await exitCode).toBe(1);
    server.close();
    expect(output()).toMatch(
      /^Port \d+ \(sweep\) is taken on 127\.0\.0\.1: .* --port-offset 100`\n$/,
    );
  });

  it('refuses to share its folder', async () => {
    const { child } = await startReady();
    const { output, exitCode } = start();
    expect(await exitCode).toBe(1);
    expect(output()).toBe(
      `Another local world runs in ${dir} (process ${child.pid}): stop it first, or choose another folder with --dir\n`,
    );
  });
});
