import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { filesIn } from '#infra/local/local-world/files.ts';
import { type FunctionSet, startFunctions } from '#infra/local/local-world/function-set.ts';
import { choosePorts } from '#infra/local/local-world/ports.ts';
import { PATIENCE } from '#test/patience.ts';

/** Listens once the file is there that it names, and drains once the other one is. */
const SCRIPT = `
const { existsSync } = require('node:fs');
const until = (path, act) => existsSync(path) ? act() : setTimeout(until, 10, path, act);
console.log('began');
process.on('SIGTERM', () => { console.log('draining'); until(__dirname + '/drain', () => process.exit(0)); });
until(__dirname + '/listen', () => console.log(JSON.stringify({ message: 'Listening', port: 4711 })));
setInterval(() => {}, 1000);`;

let dir: string;
let parts: AsyncDisposableStack;
let lines: string[];
/** How many ran, each time that one came or went. */
let changes: number[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-function-set-'));
  parts = new AsyncDisposableStack();
  lines = [];
  changes = [];
  await mkdir(join(dir, 'push'));
  await mkdir(filesIn(dir).logs);
  await writeFile(join(dir, 'push', 'main.js'), SCRIPT);
  await allow('listen');
  await allow('drain');
});
afterEach(async () => {
  await allow('listen');
  await allow('drain');
  await parts?.disposeAsync();
  await rm(dir, { recursive: true });
});

const allow = (what: string) => writeFile(join(dir, 'push', what), '');
const hold = (what: string) => rm(join(dir, 'push', what));

function start(): Promise<FunctionSet> {
  return startFunctions(
    {
      bundles: dir,
      built: ['push'],
      ports: choosePorts('free'),
      files: filesIn(dir),
      pubsubHost: '127.0.0.1:1',
      onLine: (_, line) => lines.push(line),
      onChange: ({ size }) => changes.push(size),
    },
    parts,
  );
}

async function seen(line: string, times: number): Promise<void> {
  await vi.waitFor(() => expect(lines.filter((one) => one === line)).toHaveLength(times), PATIENCE);
}

describe('startFunctions()', () => {
  it('stops one that is on its way up when the world stops', async () => {
    const functions = await start();
    await functions.stop('push');
    await hold('listen');
    const starting = functions.start('push');
    await seen('began', 2);
    const stopped = parts.disposeAsync().then(() => lines.push('all stopped'));
    await allow('listen');
    const { pid } = await starting;
    await stopped;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(lines.at(-1)).toBe('all stopped');
  });

  it('waits for one that is on its way down when the world stops', async () => {
    const functions = await start();
    await hold('drain');
    const stopping = functions.stop('push');
    await seen('draining', 1);
    const known = changes.length;
    const stopped = parts.disposeAsync().then(() => changes.length);
    await allow('drain');
    const { pid } = await stopping;
    expect(await stopped).toBe(known + 1);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('starts none once the world stops', async () => {
    const functions = await start();
    await functions.stop('push');
    await parts.disposeAsync();
    await expect(functions.start('push')).rejects.toThrow('The local world stops');
    expect(lines.filter((line) => line === 'began')).toHaveLength(1);
  });
});
