import { OUT_OF_REACH, PLANTED, type Planted } from './planted.ts';
import { inCopy, plant, runInCopy } from './planting.ts';

const RUN_MS = 300_000;
/** Some bugs need luck to show: so many campaigns are tried. */
const SEEDS = [1, 2, 3, 4];
const PUSHES = 600;
const STAGED_PUSHES = 200;

/**
 * Plants each bug in a copy of the repository and runs campaigns until one of the checks named for it finds it.
 * Returns whether each was found, and found by none of them before it was planted.
 */
export function runPlanted(wanted: string): boolean {
  return inCopy((copy) => {
    const chosen = PLANTED.filter(({ law }) => law.includes(wanted));
    const cleanOf = (rollouts: boolean): ReadonlyMap<number, readonly string[]> =>
      new Map(SEEDS.map((seed) => [seed, violatedIn(copy, seed, rollouts)]));
    const clean = new Map<boolean, ReadonlyMap<number, readonly string[]>>();
    const caught = chosen.filter((planted) => {
      const { rollouts = false } = planted;
      const before = clean.get(rollouts) ?? cleanOf(rollouts);
      clean.set(rollouts, before);
      return isCaught(copy, planted, before);
    });
    for (const law of OUT_OF_REACH) process.stdout.write(`out of reach: ${law}\n`);
    process.stdout.write(`${caught.length} of ${chosen.length} caught\n`);
    return caught.length === chosen.length;
  });
}

function isCaught(
  copy: string,
  planted: Planted,
  clean: ReadonlyMap<number, readonly string[]>,
): boolean {
  const { law, bug, caughtBy, rollouts = false } = planted;
  process.stdout.write(`${law}: ${bug}\n`);
  const caught = plant(copy, planted, () => {
    for (const [seed, before] of clean) {
      const violated = violatedIn(copy, seed, rollouts);
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
  });
  return caught ?? false;
}

/** The checks that a campaign with this seed violates. */
function violatedIn(copy: string, seed: number, rollouts: boolean): readonly string[] {
  const pushes = rollouts ? STAGED_PUSHES : PUSHES;
  const kind = rollouts ? ['--rollouts'] : [];
  const args = [
    'test/faults/run.ts',
    '--short',
    '--seed',
    `${seed}`,
    '--pushes',
    `${pushes}`,
  ].concat(kind);
  const printed = runInCopy(copy, args, RUN_MS);
  return [...printed.matchAll(/^ {2}VIOLATIONS: (.+?) +\d+$/gm)].map(([, check = '']) => check);
}
