import { spawnSync } from 'node:child_process';

// `npm run test:changed [-- REF]`: checks and tests what differs from the commit REF (default: the last one), and the
// tests that import it. Tests that read the sources as text come with it; what starts the built functions only follows
// their sources with `npm test`, which stays the last word.
const CHECKED = /^(functions|shared|infra|test)\/.*\.ts$|^[^/]*\.ts$/;
const FORMATTED = /\.(ts|json)$/;

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

function git(...args: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

const [ref = 'HEAD'] = process.argv.slice(2);
const changed = [
  ...git('diff', '--name-only', '--diff-filter=d', ref, '--'),
  ...git('ls-files', '--others', '--exclude-standard'),
];
const linted = changed.filter((path) => CHECKED.test(path));
const formatted = changed.filter((path) => FORMATTED.test(path));
if (linted.length > 0) {
  run('tsc', []);
  run('oxlint', ['--type-aware', '--deny-warnings', ...linted]);
}
if (formatted.length > 0) {
  run('biome', ['format', '--no-errors-on-unmatched', ...formatted]);
}
run('vitest', ['run', '--changed', ref, '--passWithNoTests']);
run('vitest', ['run', 'test/architecture']);
