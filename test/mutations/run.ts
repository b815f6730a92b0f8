import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { mutate } from './locate.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

// `npm run test:mutations [-- PART…] [-- --only PART]`: takes each guarantee away in a copy of the repository and expects
// its tests to turn red. Of those whose name contains each PART; `--every N` takes each Nth of them.
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCES = [
  'functions',
  'shared',
  'infra',
  'test',
  'package.json',
  'vitest.config.ts',
  'tsconfig.json',
];
/** Where a deadline was taken away, its tests wait for as long as one may take. */
const RUN_MS = 600_000;
const REPORT = 'report.json';
const Report = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })) }),
  ),
});

function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), 'countersign-mutations-'));
  for (const name of SOURCES) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Runs the tests and returns the names of those that failed; undefined when they pass. */
function runTests(copy: string, tests: readonly string[]): readonly string[] | undefined {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--bail=3', '--reporter=json', `--outputFile=${REPORT}`, ...tests];
  const { status } = spawnSync(process.execPath, args, {
    cwd: copy,
    timeout: RUN_MS,
    stdio: 'ignore',
  });
  if (status === 0) return undefined;
  const { testResults } = Report.parse(JSON.parse(readFileSync(join(copy, REPORT), 'utf8')));
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((result) => result.status === 'failed')
    .map(({ fullName }) => fullName);
}

function describe(copy: string, mutation: Mutation): string | undefined {
  const path = join(copy, mutation.file);
  const original = readFileSync(path, 'utf8');
  const mutated = mutate(original, mutation);
  if (mutated === undefined) return 'the code to take away is not there exactly once';
  writeFileSync(path, mutated);
  const failed = runTests(copy, mutation.tests);
  writeFileSync(path, original);
  if (failed === undefined) return 'its tests stay green';
  process.stdout.write(`  red: ${failed[0] ?? 'the tests do not even start'}\n`);
  return failed.length === 0 ? 'its tests do not run' : undefined;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [] },
    every: { type: 'string', default: '1' },
  },
});
const wanted = [...positionals, ...values.only];
const chosen = MUTATIONS.filter(({ guarantee }) =>
  wanted.every((part) => guarantee.includes(part)),
).filter((_, index) => index % Number(values.every) === 0);
const copy = makeCopy();
const survivors: string[] = [];
try {
  for (const [index, mutation] of chosen.entries()) {
    process.stdout.write(`${index + 1}/${chosen.length} ${mutation.guarantee}\n`);
    const problem = describe(copy, mutation);
    if (problem !== undefined) {
      process.stdout.write(`  SURVIVED: ${problem}\n`);
      survivors.push(mutation.guarantee);
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(`${chosen.length - survivors.length} caught, ${survivors.length} survived\n`);
process.exitCode = survivors.length === 0 && chosen.length > 0 ? 0 : 1;
