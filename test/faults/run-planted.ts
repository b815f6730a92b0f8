import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OUT_OF_REACH, PLANTED, type Planted } from './planted.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCES = ['functions', 'shared', 'infra', 'test', 'package.json', 'tsconfig.json'];
const RUN_MS = 300_000;
/** Some bugs need luck to show: so many campaigns are tried. */
const SEEDS = [1, 2, 3, 4];
const PUSHES = 600;

/**
 * Plants each bug in a copy of the repository and runs campaigns until one of the checks named for it finds it.
 * Returns whether each was found, and found by none of them before it was planted.
 */
export function runPlanted(wanted: string): boolean {
  const copy = mkdtempSync(join(tmpdir(), 'countersign-planted-'));
  try {
    for (const name of SOURCES) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const clean = new Map(SEEDS.map((seed) => [seed, violatedIn(copy, seed)]));
    const chosen = PLANTED.filter(({ law }) => law.includes(wanted));
    const caught = chosen.filter((planted) => isCaught(copy, planted, clean));
    for (const law of OUT_OF_REACH) process.stdout.write(`out of reach: ${law}\n`);
    process.stdout.write(`${caught.length} of ${chosen.length} caught\n`);
    return caught.length === chosen.length;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function isCaught(
  copy: string,
  { law, bug, file, find, replace, caughtBy }: Planted,
  clean: ReadonlyMap<number, readonly string[]>,
): boolean {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  process.stdout.write(`${law}: ${bug}\n`);
  if (original.split(find).length !== 2) {
    process.stdout.write('  NOT PLANTED: the code is not there exactly once\n');
    return false;
  }
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    for (const [seed, before] of clean) {
      const violated = violatedIn(copy, seed);
      const found = violated.filter((check) => !before.includes(check));
      const by = found.find((check) => caughtBy.some((expected) => expected === check));
      if (by === undefined) continue;
      process.stdout.write(
        `  caught by "${by}" with seed ${seed}; also: ${found.filter((check) => check !== by).join(', ') || 'none'}\n`,
      );
      return true;
    }
    process.stdout.write('  MISSED\n');
    return false;
  } finally {
    writeFileSync(path, original);
  }
}

/** The checks that a campaign with this seed violates. */
function violatedIn(copy: string, seed: number): readonly string[] {
  const args = ['test/faults/run.ts', '--short', '--seed', `${seed}`, '--pushes', `${PUSHES}`];
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: copy,
    timeout: RUN_MS,
    encoding: 'utf8',
  });
  return [...stdout.matchAll(/^ {2}VIOLATIONS: (.+?) +\d+$/gm)].map(([, check = '']) => check);
}
