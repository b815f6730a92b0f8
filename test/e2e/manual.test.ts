import { expect, it } from 'vitest';
import { runProcess } from './tools/process.ts';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../functions/cli/main.ts');
/** Its sandbox refuses calls that a preloaded library makes, such as libfaketime. */
const ENV = { MANROFFOPT: '-ww', MANWIDTH: '80', LC_ALL: 'C.UTF-8', MAN_DISABLE_SECCOMP: '1' };

it('prints a manual page that man reads without a complaint', async () => {
  const page = await runProcess({ command: process.execPath, args: [MAIN, 'man'] });
  expect(page).toMatchObject({ code: 0, stderr: '' });
  const read = await runProcess({
    command: 'man',
    args: ['--warnings', '-l', '-'],
    env: ENV,
    input: page.stdout,
  });
  expect(read).toMatchObject({ code: 0, stderr: '' });
  expect(read.stdout).toContain('COUNTERSIGN(1)');
});
