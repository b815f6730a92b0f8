import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningFunction, startFunction } from '#infra/local/local-world/functions.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { ANSWERED_MS, PATIENCE } from '#test/patience.ts';
import { LocalWorldError } from '#infra/local/local-world/local-world-error.ts';
import { isAlive } from '#test/fixtures/is-alive.ts';

const LISTENING = `console.log(JSON.stringify({ message: 'Listening', port: 4711 }));`;
/** More than any of these scripts needs. */
const LIMITS = { startMs: ANSWERED_MS, stopMs: ANSWERED_MS };
/** Held: it passes when a test says so. */
const HELD_MS = 54_321;
const STAY = `setInterval(() => {}, 1000);`;

const MODULE = fileURLToPath(
  new URL('../../../../../infra/local/local-world/functions.ts', import.meta.url),
);

let dir: string;
let lines: string[];
const running: RunningFunction[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-function-'));
  lines = [];
});
afterEach(async () => {
  for (const one of running.splice(0)) one.kill();
  await rm(dir, { recursive: true });
});

async function start(script: string, limits = LIMITS): Promise<RunningFunction> {
  const bundle = join(dir, 'main.mjs');
  await writeFile(bundle, script);
  const started = await startFunction({
    name: 'push',
    bundle,
    port: 0,
    env: { COUNTERSIGN_CONFIG: 'here' },
    logFile: join(dir, 'push.log'),
    limits,
    onLine: (line) => lines.push(line),
  });
  running.push(started);
  return started;
}

/** A program that starts the function, and prints its number. */
function parentOf(bundle: string): string {
  const settings = { name: 'push', bundle, port: 0, env: {}, logFile: join(dir, 'push.log') };
  return `import { startFunction } from ${JSON.stringify(MODULE)};
    const started = await startFunction({ ...${JSON.stringify(settings)}, onLine: () => {} });
    console.log(started.pid);`;
}

describe('startFunction()', () => {
  it('resolves with the address that the function logs', async () => {
    const { url, name } = await start(`console.log('hello'); ${LISTENING} ${STAY}`);
    expect({ url, name }).toEqual({ url: 'http://127.0.0.1:4711', name: 'push' });
    expect(lines).toEqual(['hello', '{"message":"Listening","port":4711}']);
  });

  it('hands on its environment and nothing else', async () => {
    await start(`console.log(JSON.stringify(process.env)); ${LISTENING} ${STAY}`);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      COUNTERSIGN_CONFIG: 'here',
      HOST: '127.0.0.1',
      PORT: '0',
    });
  });

  it('rejects with the last words of one that cannot start', async () => {
    const started = start(
      `console.log('first'); console.error('no config'); process.exitCode = 1;`,
    );
    await expect(started).rejects.toThrow(LocalWorldError);
    await expect(started).rejects.toThrow(
      'Function push ended with exit code 1; the last line of its log: no config',
    );
  });

  it('ends with its parent, even where that is killed', async () => {
    const bundle = join(dir, 'main.mjs');
    await writeFile(bundle, `process.on('SIGTERM', () => {}); ${LISTENING} ${STAY}`);
    const parent = endWithTests(() =>
      spawn(process.execPath, ['--input-type=module', '-e', parentOf(bundle)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    // Its end, too: one that fails ends its output.
    const { value: pid } = await createInterface(parent.stdout)[Symbol.asyncIterator]().next();
    expect(pid).toMatch(/^\d+$/);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(Number(pid))).toBe(false), PATIENCE);
  });

  it('kills one that never listens', async () => {
    using limit = holdTimers(HELD_MS);
    const started = start(`console.log('thinking'); ${STAY}`, { ...LIMITS, startMs: HELD_MS });
    await vi.waitFor(() => expect(lines).toEqual(['thinking']), PATIENCE);
    limit.pass();
    await expect(started).rejects.toThrow('Function push ended by SIGKILL');
  });

  it('kills one that does not stop', async () => {
    const script = `process.on('SIGTERM', () => {}); ${LISTENING} ${STAY}`;
    const deaf = await start(script, { ...LIMITS, stopMs: HELD_MS });
    using limit = holdTimers(HELD_MS);
    const stopping = deaf.stop();
    limit.pass();
    await stopping;
    expect(() => process.kill(deaf.pid, 0)).toThrow('ESRCH');
  });

  it('reports when it dies later', async () => {
    const { died, pid } = await start(`${LISTENING} console.log('bye'); ${STAY}`);
    process.kill(pid, 'SIGKILL');
    expect((await died).message).toMatch(/^Function push ended by SIGKILL; .*: /);
  });

  it('stops it, which is no death, and keeps its whole log', async () => {
    const script = `process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });`;
    const { stop, died, pid } = await start(`${script} ${LISTENING} ${STAY}`);
    await stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await Promise.race([died, Promise.resolve('alive or stopped')])).toBe(
      'alive or stopped',
    );
    expect(await readFile(join(dir, 'push.log'), 'utf8')).toMatch(/Listening.*\ndrained\n$/);
    await stop();
  });
});
