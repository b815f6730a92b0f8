import { glob, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import type { Bench } from './frame/bench.ts';
import { isMet } from './frame/figure.ts';
import { createProgress } from './frame/progress.ts';
import { type BenchResult, runBenches } from './frame/run-benches.ts';
import { renderFigures } from './frame/table.ts';

const USAGE = `Usage: npm run bench -- [NAME…] [--json FILE] [--check] [--quick]

Runs test/bench/NAME.bench.ts, or all of them, and prints what was measured beside its floor.
  --json FILE  writes every figure to FILE
  --check      exits with 1 where a budget is missed
  --quick      tiny sizes, to see that a benchmark works
`;

/** Benchmarks are modules that export `bench`. */
async function load(name: string): Promise<Bench> {
  const { bench }: { readonly bench: Bench } = await import(`./${name}.bench.ts`);
  return bench;
}

async function findNames(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const file of glob('*.bench.ts', { cwd: import.meta.dirname })) {
    names.push(basename(file, '.bench.ts'));
  }
  return names.toSorted();
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      check: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  });
  const known = await findNames();
  const wanted = positionals.length === 0 ? known : positionals;
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`No benchmark ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
    process.stderr.write(USAGE);
    return 2;
  }
  const benches = await Promise.all(
    wanted.map(async (name) => ({ name, bench: await load(name) })),
  );
  const progress = createProgress(process.stderr);
  const results: BenchResult[] = [];
  for await (const result of runBenches(benches, {
    say: (text) => progress.say(text),
    quick: values.quick,
  })) {
    results.push(result);
    progress.clear();
    const { name, load: loads, seconds, figures } = result;
    const busy = loads.map((one) => one.toFixed(1)).join(' to ');
    process.stdout.write(`${name}, ${seconds} s, load ${busy}\n${renderFigures(figures)}\n`);
  }
  if (values.json !== undefined) await writeFile(values.json, describe(results));
  const missed = results.flatMap(({ figures }) => figures.filter((one) => isMet(one) === false));
  return values.check && missed.length > 0 ? 1 : 0;
}

function describe(results: readonly BenchResult[]): string {
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version };
  return `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 1)}\n`;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`Could not be measured: ${inspect(error)}\n`);
  process.exitCode = 2;
}
