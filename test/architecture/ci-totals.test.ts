import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#test/docs/markdown.ts';

const GREEN = [' Test Files  279 passed (279)', '      Tests  5547 passed (5547)'].join('\n');
const SKIPPED = '      Tests  803 passed | 2 skipped (805)';
const RED = '      Tests  2 failed | 801 passed | 2 skipped (805)';
const COLOURED =
  '\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m7 passed\u001b[39m\u001b[22m (7)';

test('the totals of CI count each table as one test in the line before the last', () => {
  const written = '    Written  1 failed | 20 passed (each table counted as one test)';
  const run = spawnSync(join(ROOT, '.ci/totals'), ['-', '1'], {
    input: `${RED}\n${written}\n${COLOURED}\n${written}\n`,
    encoding: 'utf8',
  });
  expect(run.stdout).toBe('each table as one test: 40 passed, 2 failed\n808 passed, 2 failed\n');
});

test.each([
  {
    name: 'two green runs',
    log: `${GREEN}\n${SKIPPED}`,
    ended: 0,
    line: '6350 passed, 0 failed',
    exit: 0,
  },
  { name: 'one green run', log: GREEN, ended: 0, line: '5547 passed, 0 failed', exit: 0 },
  { name: 'colours', log: COLOURED, ended: 0, line: '7 passed, 0 failed', exit: 0 },
  {
    name: 'a failed test',
    log: `${GREEN}\n${RED}`,
    ended: 1,
    line: '6348 passed, 2 failed',
    exit: 1,
  },
  {
    name: 'a failed test under status 0',
    log: RED,
    ended: 0,
    line: '801 passed, 2 failed',
    exit: 1,
  },
  { name: 'a run that broke off', log: GREEN, ended: 134, line: '5547 passed, 1 failed', exit: 1 },
  { name: 'no run', log: '', ended: 0, line: '0 passed, 0 failed', exit: 1 },
])('the totals of CI: $name', ({ log, ended, line, exit }) => {
  const run = spawnSync(join(ROOT, '.ci/totals'), ['-', String(ended)], {
    input: log,
    encoding: 'utf8',
  });
  expect({ line: run.stdout, exit: run.status }).toEqual({ line: `${line}\n`, exit });
});
