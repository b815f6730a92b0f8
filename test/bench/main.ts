import { glob, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { renderMoved, runAgainst } from './against/against.ts';
import type { Moved } from './against/compare.ts';
import type { Bench } from './frame/bench.ts';
import { isMet } from './frame/figure.ts';
import { createProgress } from './frame/progress.ts';
import { type BenchResult, runBenches } from './frame/run-benches.ts';
import { renderFigures } from './frame/table.ts';

const USAGE = `Usage: npm run bench -- [NAME…] [--json FILE] [--check] [--quick]
       npm run bench -- [NAME…] --against REV [--pairs N] [--json FILE] [--check]

Runs test/bench/NAME.bench.ts, or all of them, and prints what was measured beside its floor.
  --json FILE  writes every figure to FILE
  --check      exits with 1 where a budget is missed, or a figure is slower than that of REV
  --quick      tiny sizes, to see that a benchmark works
  --against    runs each on the commit REV and on this tree in turn, and says what moved beyond its spread
  --pairs      how often, 1 to 50; 3 without it
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
      against: { type: 'string' },
      pairs: { type: 'string', default: '3' },
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
  if (values.against !== undefined) {
    const pairs = Number(values.pairs);
    if (!Number.isInteger(pairs) || pairs < 1 || pairs > 50 || values.quick) {
      process.stderr.write(
        `--pairs is a whole number from 1 to 50, and --quick says nothing about speed\n${USAGE}`,
      );
      return 2;
    }
    return measureAgainst(wanted, { ...values, revision: values.against, pairs });
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

async function measureAgainst(
  names: readonly string[],
  options: {
    readonly revision: string;
    readonly pairs: number;
    readonly json?: string | undefined;
    readonly check: boolean;
  },
): Promise<number> {
  const progress = createProgress(process.stderr);
  const results: { readonly name: string; readonly moved: readonly Moved[] }[] = [];
  for await (const result of runAgainst(names, { ...options, say: (text) => progress.say(text) })) {
    results.push(result);
    progress.clear();
    process.stdout.write(`${result.name}\n${renderMoved(result.moved)}\n`);
  }
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
  }
  const slower = results.flatMap(({ moved }) => moved.filter((one) => one.change === 'slower'));
  process.stdout.write(`${slower.length} slower than ${options.revision}\n`);
  return options.check && slower.length > 0 ? 1 : 0;
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
