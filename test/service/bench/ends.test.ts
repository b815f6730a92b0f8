import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { runForReport } from '#test/bench/against/other-revision.ts';
import { PATIENCE } from '#test/patience.ts';

const FIGURE = {
  what: 'one',
  unit: 'ms',
  ours: { median: 1, low: 1, high: 1, samples: 1 },
};
const REPORT = { results: [{ figures: [FIGURE] }] };

/** A command that runs `before`, writes `text` to the report, then runs `rest`. */
function writes(file: string, text: string, rest = '', before = ''): string[] {
  const written = `${JSON.stringify(file)}, ${JSON.stringify(text)}`;
  const source = `${before} require('node:fs').writeFileSync(${written}); ${rest}`;
  return [process.execPath, '--eval', `{ ${source} }`];
}

async function openFolder(): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-report-'));
  return { folder, file: join(folder, 'figures.json') };
}

/** A process that has ended and is not reaped runs no more. */
function isRunning(pid: string): boolean {
  return existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}

const LISTENS = "require('node:net').createServer().listen(0, '127.0.0.1');";

describe('the bench of cosign', () => {
  it('ends where a tool is missing, and says so', async () => {
    const source = "await (await import('./test/bench/verify/cosign.ts')).benchCosign();";
    const args = ['--input-type=module', '--eval', source];
    // Neither a cache of tools nor a PATH: none is found.
    const env = { HOME: '/nonexistent', XDG_CACHE_HOME: '/nonexistent', PATH: '' };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toMatch(/^No comparison with cosign: Error: Tool "/);
  });
});

describe('runForReport()', () => {
  it('takes the report of a command that does not end, and ends all that it started', async () => {
    const { folder, file } = await openFolder();
    const child = `const { pid } = require('node:child_process')
      .spawn(process.execPath, ['--eval', ${JSON.stringify(LISTENS)}], { stdio: 'inherit' });
      require('node:fs').writeFileSync('pid', String(pid));`;
    const command = writes(file, JSON.stringify(REPORT), LISTENS, child);
    expect(await runForReport(command, { cwd: folder, file, endMs: 0 })).toEqual(REPORT);
    const pid = await readFile(join(folder, 'pid'), 'utf8');
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), PATIENCE);
  });

  it('takes the report of one that ends', async () => {
    const { folder, file } = await openFolder();
    const command = writes(file, JSON.stringify(REPORT));
    expect(await runForReport(command, { cwd: folder, file })).toEqual(REPORT);
  });

  it.each([
    ['without a report', 'half', '', 'ended without its report'],
    ['with a failure', 'half', 'process.exit(3);', 'exits with 3'],
  ])('throws for one that ends %s', async (_, text, rest, message) => {
    const { folder, file } = await openFolder();
    await expect(runForReport(writes(file, text, rest), { cwd: folder, file })).rejects.toThrow(
      message,
    );
  });
});
