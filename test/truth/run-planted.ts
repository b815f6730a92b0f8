import { inCopy, plant, runInCopy } from '#test/faults/planting.ts';
import { PLANTED_REPORTS, type PlantedReport } from './planted.ts';

const RUN_MS = 300_000;
const SEED = 1;
const HISTORIES = 200;
const FAULT = /^ {2}(false|missed|doubled|shown) .*?(\d+)$/gm;

/** Plants each bug in a copy of the repository and runs a campaign there. Returns whether each was found. */
export function runPlantedReports(wanted: string): boolean {
  return inCopy((copy) => {
    const clean = faultsIn(copy);
    if (clean.size > 0)
      process.stdout.write('Something reported is not true without any of them\n');
    const chosen = PLANTED_REPORTS.filter(({ bug }) => bug.includes(wanted));
    const caught = chosen.filter((planted) => isCaught(copy, planted));
    process.stdout.write(`${caught.length} of ${chosen.length} caught\n`);
    return clean.size === 0 && caught.length === chosen.length;
  });
}

function isCaught(copy: string, planted: PlantedReport): boolean {
  process.stdout.write(`${planted.bug}\n`);
  const found = plant(copy, planted, () => faultsIn(copy)) ?? new Map<string, number>();
  const words = [...found].map(([fault, count]) => `${fault} ${count}`).join(', ');
  const caught = planted.caughtAs.some((fault) => found.has(fault));
  process.stdout.write(`  ${caught ? 'caught' : 'MISSED'}: ${words || 'nothing'}\n`);
  return caught;
}

function faultsIn(copy: string): ReadonlyMap<string, number> {
  const size = ['--seed', `${SEED}`, '--histories', `${HISTORIES}`, '--stories', '0'];
  const printed = runInCopy(copy, ['test/truth/run.ts', ...size], RUN_MS);
  const counts = [...printed.matchAll(FAULT)].map(
    ([, fault = '', count]) => [fault, Number(count)] as const,
  );
  if (counts.length === 0) throw new Error('The campaign ended without figures');
  return new Map(counts.filter(([, count]) => count > 0));
}
