import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Program, type ProgramEnd, runProgram } from '#shared/net/run-program.ts';
import { isAlive } from '#test/fixtures/is-alive.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { ANSWERED_MS, PATIENCE } from '#test/patience.ts';

/** Held: it passes when a test says so. */
const HELD_MS = 54_321;

/** Runs `source` with this Node. */
function runNode(source: string, options: Partial<Program> = {}): Promise<ProgramEnd> {
  const program = { command: process.execPath, args: ['-e', source], timeoutMs: ANSWERED_MS };
  return runProgram({ ...program, ...options });
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-program-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('a program', () => {
  it('gives what it printed, and its code', async () => {
    const source = 'console.log("out"); console.error("err"); process.exitCode = 3';
    const expected = { outcome: 'ended', code: 3, out: 'out\n', err: 'err\n' };
    expect(await runNode(source)).toEqual(expected);
  });

  it('reads its input, which ends', async () => {
    const end = await runNode('process.stdin.pipe(process.stdout)', { input: 'héllo' });
    expect(end).toMatchObject({ code: 0, out: 'héllo' });
  });

  it('may leave its input unread', async () => {
    const end = await runNode('process.stdin.destroy()', { input: 'x'.repeat(1_000_000) });
    expect(end).toMatchObject({ outcome: 'ended', code: 0 });
  });

  it('has the variables that are given, and no others', async () => {
    const end = await runNode('console.log(process.env.A, process.env.HOME)', { env: { A: 'b' } });
    expect(end).toMatchObject({ out: 'b undefined\n' });
  });

  it('that a signal ended has failed', async () => {
    const end = await runNode('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 9)');
    expect(end).toMatchObject({ outcome: 'ended', code: -1 });
  });

  it('that is not there is absent', async () => {
    expect(await runNode('', { command: 'countersign-no-such-program' })).toEqual({
      outcome: 'absent',
    });
  });

  it('that may not be run has failed to start', async () => {
    const path = join(await makeFolder(), 'plugin');
    await writeFile(path, '#!/bin/sh\n', { mode: 0o644 });
    const end = await runNode('', { command: path });
    expect(end).toMatchObject({ outcome: 'failed', cause: { code: 'EACCES' } });
  });

  it('that floods its output is stopped', async () => {
    expect(await runNode('setInterval(() => process.stdout.write("x".repeat(65536)), 1)')).toEqual({
      outcome: 'large',
    });
  });

  it('that floods its errors has the first of them kept', async () => {
    const end = await runNode(
      'process.stderr.write("first" + "x".repeat(2 ** 20), () => process.exit(1))',
    );
    const err = 'first'.padEnd(16 * 1024, 'x');
    expect(end).toEqual({ outcome: 'ended', code: 1, out: '', err });
  });
});

describe('a program that hangs', () => {
  it('is killed at its deadline, whatever it does with signals, with its children', async () => {
    const file = join(await makeFolder(), 'pids');
    const child = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 9)';
    const source = `
      const { spawn } = require('node:child_process');
      process.on('SIGTERM', () => {});
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
      setInterval(() => {}, 9);`;
    using deadline = holdTimers(HELD_MS);
    const end = runNode(source, { timeoutMs: HELD_MS });
    const pids = await vi.waitFor(async () => {
      const read = (await readFile(file, 'utf8')).split(' ').map(Number);
      expect(read).toHaveLength(2);
      return read;
    }, PATIENCE);
    deadline.pass();
    expect(await end).toEqual({ outcome: 'late' });
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), PATIENCE);
  });

  it.each([
    ['', false],
    [' in a group of its own', true],
  ])('in a child%s alone holds up no caller', async (_, detached) => {
    const file = join(await makeFolder(), 'pid');
    const options = JSON.stringify({ stdio: 'inherit', detached });
    const source = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 9)'], ${options});
      require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));
      process.stdout.write('done', () => process.exit(0));`;
    expect(await runNode(source)).toMatchObject({ outcome: 'ended', code: 0, out: 'done' });
    const pid = Number(await readFile(file, 'utf8'));
    if (detached) process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
  });

  it('leaves no listener behind, however many ran at once', async () => {
    const before = process.listenerCount('exit');
    await Promise.all(Array.from({ length: 12 }, () => runNode('')));
    expect(process.listenerCount('exit')).toBe(before);
  });
});
