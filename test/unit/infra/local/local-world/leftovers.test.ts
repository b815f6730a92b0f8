import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftovers, readRecord, writeRecord } from '#infra/local/local-world/leftovers.ts';

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

/** A program that stays until it is ended. */
async function startBundle(
  name: string,
): Promise<{ pid: number; bundle: string; child: ChildProcess }> {
  const bundle = join(dir, name);
  await writeFile(bundle, `console.log('up'); process.stdin.resume();`);
  const child = spawn(process.execPath, [bundle], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, bundle, child };
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
    const { pid, child } = await startBundle('other.mjs');
    const functions = [{ name: 'push', pid, bundle: join(dir, 'push.mjs') }];
    writeRecord(record, { ...WORLD, functions });
    expect(await endLeftovers(record)).toEqual([]);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
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
