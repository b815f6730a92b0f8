import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { expect, it, vi } from 'vitest';
import { isAlive } from '#test/fixtures/is-alive.ts';
import { PATIENCE } from '#test/patience.ts';

const FIXTURE = new URL('../../fixtures/end-with-tests.ts', import.meta.url).href;
const CHILD = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;
/** Starts a child, and in that one of its own, as `npm` and `gcloud` do; prints their numbers. */
const PARENT = `
  const { spawn } = await import('node:child_process');
  const { endWithTests } = await import('${FIXTURE}');
  const detached = process.argv[1] === 'group';
  const source = \`
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(CHILD)}]);
    console.log(process.pid, child.pid); ${CHILD}\`;
  endWithTests(spawn(process.execPath, ['-e', source], { detached, stdio: ['ignore', 'inherit', 'inherit'] }), process.argv[1]);
  setInterval(() => {}, 1000);`;

async function startParent(of: '' | 'group') {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT, of]);
  const [line] = (await once(parent.stdout, 'data')) as unknown[];
  const pids = String(line).trim().split(' ').map(Number);
  return { parent, pids };
}

it('ends a child with the tests that started it, when these are killed', async () => {
  const { parent, pids } = await startParent('');
  const [child = 0, grandchild = 0] = pids;
  expect(pids.map(isAlive)).toEqual([true, true]);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(child)).toBe(false), PATIENCE);
  process.kill(grandchild, 'SIGKILL');
});

it('ends all of its group, where it leads one', async () => {
  const { parent, pids } = await startParent('group');
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), PATIENCE);
});
