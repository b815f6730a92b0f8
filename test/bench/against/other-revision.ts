import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
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
          unit: z.enum(['ms', 'MiB', 'kB', 'calls', '1/s', '$', '']),
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
    await run('npm', ['run', '--silent', 'bench', '--', name, '--json', file], root);
    const { results } = REPORT.parse(JSON.parse(await readFile(file, 'utf8')));
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

/** Runs a command to its end; its output is shown only where it fails. */
async function run(command: string, args: readonly string[], cwd?: string): Promise<void> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  const keep = (chunk: Buffer): void => void (output = (output + String(chunk)).slice(-4000));
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exits with ${code}\n${output}`);
}
