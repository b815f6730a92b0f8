import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftovers, readRecord, writeRecord } from '#infra/local/local-world/leftovers.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

const WORLD = { pid: 1, control: { url: 'http://127.0.0.1:1', token: 'of a test' } };

let dir: string;
let record: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-leftovers-'));
  record = join(dir, 'world.json');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true });
});

interface Started {
  readonly pid: number;
  readonly bundle: string;
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  /** The next line that it writes; undefined where it has ended. */
  readonly say: () => Promise<unknown>;
}

/** A program that stays until it is ended, and repeats each line that it reads. */
async function startBundle(name: string): Promise<Started> {
  const bundle = join(dir, name);
  await writeFile(bundle, `console.log('up'); process.stdin.pipe(process.stdout);`);
  const child = endWithTests(() =>
    spawn(process.execPath, [bundle], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  children.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const say = async (): Promise<unknown> => (await lines.next()).value;
  expect(await say()).toBe('up');
  return { pid: child.pid ?? 0, bundle, child, say };
}

describe('endLeftovers()', () => {
  it('ends what an earlier world started, and names it', async () => {
    const { pid, bundle, child } = await startBundle('push.mjs');
    const closed = once(child, 'close');
    writeRecord(record, { ...WORLD, functions: [{ name: 'push', pid, bundle }] });
    expect(await endLeftovers(record)).toEqual([{ name: 'push', pid, bundle }]);
    expect(await closed).toEqual([null, 'SIGKILL']);
    expect(await readRecord(record)).toBeUndefined();
  });

  it('leaves a process alone that has the number of one by now', async () => {
    const { pid, child, say } = await startBundle('other.mjs');
    const functions = [{ name: 'push', pid, bundle: join(dir, 'push.mjs') }];
    writeRecord(record, { ...WORLD, functions });
    expect(await endLeftovers(record)).toEqual([]);
    child.stdin.write('alive\n');
    expect(await say()).toBe('alive');
  });

  it('finds nothing where no world was, or where its record is none', async () => {
    expect(await endLeftovers(record)).toEqual([]);
    await writeFile(record, '{"functions": [');
    expect(await endLeftovers(record)).toEqual([]);
  });
});

describe('writeRecord()', () => {
  it('writes what only its user can read', async () => {
    writeRecord(record, { ...WORLD, functions: [] });
    expect((await stat(record)).mode & 0o777).toBe(0o600);
    expect(await readRecord(record)).toEqual({ ...WORLD, functions: [] });
  });
});
