import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Finished, runProcess } from '#test/e2e/tools/process.ts';
import { choosePorts, requireFreePorts } from '#infra/local/local-world/ports.ts';
import { isAlive } from '#test/fixtures/is-alive.ts';
import { PATIENCE } from '#test/patience.ts';
import { endAlso, endWithTests } from '#test/fixtures/end-with-tests.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));
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

async function openFolder(): Promise<void> {
  dir = await mkdtemp(join(tmpdir(), 'countersign-local-'));
  // Away from the world that a developer may run beside the tests.
  offset = await freeOffset();
}

/** Another run of the tests on this machine has drawn one, too. */
async function freeOffset(): Promise<number> {
  const drawn = randomInt(OFFSETS.from, OFFSETS.to);
  try {
    await requireFreePorts(choosePorts(drawn));
    return drawn;
  } catch {
    return freeOffset();
  }
}

async function closeFolder(): Promise<void> {
  for (const child of started.splice(0)) signalAll(child, 'SIGKILL');
  await rm(dir, { recursive: true });
}

/** `npm run local -- --empty …` in a process group of its own, as a shell starts it. */
function start(...args: readonly string[]): Command {
  return startWith('--empty', ...args);
}

function startWith(...args: readonly string[]): Command {
  const options = ['--dir', dir, '--port-offset', String(offset), '--clusters', '1', ...args];
  const run = [MAIN, 'local', 'up', ...options];
  const child = endWithTests(() => spawn(process.execPath, run, { detached: true }), 'group');
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
  return untilUp(start(...args));
}

async function untilUp(command: Command): Promise<Command> {
  const { output, child } = command;
  const hasSaid = () => output().includes('The local world is up');
  await vi.waitUntil(() => hasSaid() || child.exitCode !== null, PATIENCE);
  expect(output()).toContain('The local world is up');
  return command;
}

/** `countersign local stop push`, or `start push`. */
function steer(act: 'stop' | 'start', folder = dir): Promise<Finished> {
  const args = [MAIN, 'local', act, 'push', '--dir', folder];
  return runProcess({ command: process.execPath, args });
}

function pidOf(name: string, { output }: Command): number {
  return Number(new RegExp(`${name} .*, process (\\d+)`).exec(output())?.[1]);
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
  beforeEach(openFolder);
  afterEach(closeFolder);

  it('stops when Ctrl-C comes before it is up', async () => {
    const { child, exitCode } = start();
    // Its functions have been started, do not listen yet, and know nothing of draining.
    const logs = async () => readdir(join(dir, 'logs')).catch((): string[] => []);
    const isStarted = async () => child.exitCode !== null || (await logs()).includes('sweep.log');
    await vi.waitUntil(isStarted, { ...PATIENCE, interval: 5 });
    signalAll(child, 'SIGINT');
    expect(await exitCode).toBe(0);
    await expectNothingLeft(child);
  });

  it('names a taken port and the way around it', async () => {
    const server = createServer().listen(8083 + offset, '127.0.0.1');
    await once(server, 'listening');
    const { output, exitCode } = start();
    expect(await exitCode).toBe(1);
    server.close();
    expect(output()).toMatch(
      /^Port \d+ \(sweep\) is taken on 127\.0\.0\.1: .* --port-offset 100` or `--ports free`\n$/,
    );
  });

  it('begins with signed images that are Synced everywhere, and stops on SIGTERM to itself alone', async () => {
    const { child, output, exitCode } = await untilUp(startWith());
    expect(output()).toMatch(
      /^Starting 1 cluster and 6 functions\n(?:.*\n)*2 RSyncs on 1 cluster: all is well\nThe local world is up/,
    );
    expect(output()).toContain('Every cluster runs configs/platform:v1 and configs/team-a:v1');
    child.kill('SIGTERM');
    expect(await exitCode).toBe(0);
    await expectNothingLeft(child);
  });

  it('leaves nothing when it is killed, or the next one ends it, says what to type next, and stops on Ctrl-C', async () => {
    const fixture = (name: string) =>
      new URL(`../fixtures/cosign/cosign3.${name}`, import.meta.url);
    await copyFile(fixture('key'), join(dir, 'cosign.key'));
    await copyFile(fixture('pub'), join(dir, 'cosign.pub'));
    const killed = await startReady();
    const pid = pidOf('push', killed);
    // What does not run does not see that its parent is gone.
    process.kill(pid, 'SIGSTOP');
    const takeBack = endAlso(pid);
    killed.child.kill('SIGKILL');
    await killed.exitCode.catch(() => undefined);
    const others = ['cluster', 'sweep', 'history', 'api', 'admission'];
    await vi.waitUntil(() => others.every((name) => !isAlive(pidOf(name, killed))), PATIENCE);
    const next = await startReady();
    expect(next.output()).toContain(
      `Ended what a world that was killed left running: push (process ${pid})`,
    );
    expect(isAlive(pid)).toBe(false);
    takeBack();
    expect(next.output()).toContain('crane append');
    expect(next.output()).toContain(`127.0.0.1:${5000 + offset}/configs/platform:v1`);
    signalAll(next.child, 'SIGINT');
    expect(await next.exitCode).toBe(0);
    await expectNothingLeft(next.child);
    const logs = ['cluster.log', 'push.log', 'sweep.log', 'world.log'];
    expect(await readdir(join(dir, 'logs'))).toEqual(expect.arrayContaining(logs));
    // The key pair was kept. The store was begun anew: nothing of the earlier one was left to set aside.
    expect(await readFile(join(dir, 'cosign.key'))).toEqual(await readFile(fixture('key')));
    const stores = (await readdir(dir)).filter((name) => name.startsWith('store'));
    expect(stores.filter((name) => !/^store\.sqlite(?:-wal|-shm)?$/.test(name))).toEqual([]);
  });
});

describe('a local world that is up', () => {
  let command: Command;
  beforeAll(async () => {
    await openFolder();
    command = await startReady('--verbose', '--ports', `api=${5100 + offset},registry=0`);
  });
  afterAll(closeFolder);

  it('listens where it is asked to, one by one', () => {
    const { output } = command;
    expect(output()).toMatch(new RegExp(`^ {2}api +http://127\\.0\\.0\\.1:${5100 + offset},`, 'm'));
    expect(output()).toMatch(
      new RegExp(`^ {2}push +http://127\\.0\\.0\\.1:${8081 + offset},`, 'm'),
    );
    expect(output()).not.toContain(`127.0.0.1:${5000 + offset}/`);
  });

  it('shows its logs when asked to', () => {
    expect(command.output()).toMatch(/^\[push\] \{.*"Listening"/m);
  });

  it('refuses to share its folder', async () => {
    const { output, exitCode } = start();
    expect(await exitCode).toBe(1);
    expect(output()).toBe(
      `Another local world runs in ${dir} (process ${command.child.pid}): stop it first, or choose another folder with --dir\n`,
    );
  });

  it('refuses to be steered without the token in its folder', async () => {
    const { control } = JSON.parse(await readFile(join(dir, 'world.json'), 'utf8'));
    const refused = await fetch(`${control.url}/functions/push/stop`, { method: 'POST' });
    expect(refused.status).toBe(401);
  });

  it('stops a function and starts it again at its place, and goes on', async () => {
    const { output } = command;
    const before = pidOf('push', command);
    const stopped = await steer('stop');
    const url = `http://127.0.0.1:${8081 + offset}`;
    expect(stopped).toMatchObject({
      code: 0,
      stdout: `Function push is stopped: ${url}, process ${before}\n`,
    });
    expect(() => process.kill(before, 0)).toThrow('ESRCH');
    expect(await steer('stop')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Function push does not run/),
    });
    const again = await steer('start');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(`started: ${url},`) });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await steer('start')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/Function push is not stopped/),
    });
    expect(output()).not.toContain('Function push ended');
  });

  it('stops with exit code 1 when a function dies', async () => {
    const { child, output, exitCode } = command;
    process.kill(pidOf('sweep', command), 'SIGKILL');
    expect(await exitCode).toBe(1);
    expect(output()).toContain('Function sweep ended by SIGKILL; the last line of its log: {');
    await expectNothingLeft(child);
  });

  it('cannot be steered once it is not', async () => {
    expect(await steer('stop')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/No local world runs in/),
    });
  });
});
