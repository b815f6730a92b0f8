import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { parseJson } from '#shared/net/json.ts';
import type { Figure } from '../frame/figure.ts';

const SPREAD = z.object({
  median: z.number(),
  low: z.number(),
  high: z.number(),
  samples: z.number(),
});
const REPORT = z.object({
  results: z.array(
    z.object({
      figures: z.array(
        z.object({
          what: z.string(),
          unit: z.enum(['ms', 'µs', 'MiB', 'kB', 'calls', '1/s', '$', '']),
          ours: SPREAD,
          ratio: SPREAD.optional(),
          budget: z
            .object({
              of: z.enum(['ratio', 'ours']),
              limit: z.number(),
              atLeast: z.boolean().exactOptional(),
            })
            .optional(),
        }),
      ),
    }),
  ),
});

export interface Tree {
  readonly root: string;
  remove(): Promise<void>;
}

/** A work tree of the revision in a folder of its own, with its own packages. */
export async function checkOut(revision: string): Promise<Tree> {
  const root = await mkdtemp(join(tmpdir(), 'countersign-against-'));
  const remove = async (): Promise<void> => {
    await run('git', ['worktree', 'remove', '--force', root]).catch(() => undefined);
    await rm(root, { recursive: true, force: true });
  };
  try {
    await run('git', ['worktree', 'add', '--quiet', '--detach', root, revision]);
    await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], root);
    return { root, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The figures of one benchmark of that tree, measured by its own code, in processes of its own. */
export async function measureTree(root: string, name: string): Promise<readonly Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  try {
    const file = join(dir, 'figures.json');
    const bench = ['npm', 'run', '--silent', 'bench', '--', name, '--json', file];
    const { results } = await runForReport(bench, { cwd: root, file });
    return results.flatMap(({ figures }) =>
      figures.map(({ what, unit, ours, ratio, budget }) => ({
        what,
        unit,
        ours,
        ...(ratio === undefined ? {} : { ratio }),
        ...(budget === undefined ? {} : { budget }),
      })),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Between two looks at the file; and what a command may take to end by itself once the file is whole. */
const LOOK_MS = 500;
const END_MS = 5_000;

/**
 * Runs a command that writes a report. One that does not end once the report is whole, as benchmarks did that left a
 * server listening, is ended with all its processes: what it measured counts. Throws where it ends without a report.
 */
export async function runForReport(
  [command = '', ...args]: readonly string[],
  { cwd, file, endMs = END_MS }: { cwd: string; file: string; endMs?: number },
): Promise<z.infer<typeof REPORT>> {
  const { child, ended } = start(command, args, { cwd, detached: true });
  try {
    let report = await readReport(file);
    while (report === undefined) {
      const hasEnded = await within(LOOK_MS, ended);
      report = await readReport(file);
      if (hasEnded && report === undefined) {
        throw new Error(`${command} ${args.join(' ')} ended without its report`);
      }
    }
    await within(endMs, ended);
    return report;
  } finally {
    // It leads its group: npm, node and what they started.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    ended.catch(() => undefined);
  }
}

/** Whether `ended` resolves in time. Rejects with it. */
async function within(milliseconds: number, ended: Promise<void>): Promise<boolean> {
  const stop = new AbortController();
  const late = sleep(milliseconds, false, { signal: stop.signal });
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}

/** Undefined while it is not there, or not whole. */
async function readReport(file: string): Promise<z.infer<typeof REPORT> | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return REPORT.safeParse(parseJson(text)).data;
}

/** Runs a command to its end; its output is shown only where it fails. */
async function run(command: string, args: readonly string[], cwd?: string): Promise<void> {
  await start(command, args, { cwd }).ended;
}

function start(
  command: string,
  args: readonly string[],
  { cwd, detached = false }: { cwd: string | undefined; detached?: boolean },
): { child: ChildProcess; ended: Promise<void> } {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  const keep = (chunk: Buffer): void => void (output = (output + String(chunk)).slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'close').then(([code]) => {
    if (code === 0) return;
    throw new Error(`${command} ${args.join(' ')} exits with ${code}\n${output}`);
  });
  return { child, ended };
}
