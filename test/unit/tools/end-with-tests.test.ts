import { spawn } from 'node:child_process';
import { afterEach, expect, it, vi } from 'vitest';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
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
  endWithTests(() => spawn(process.execPath, ['-e', source], { detached, stdio: ['ignore', 'inherit', 'inherit'] }), process.argv[1]);
  console.log('watched');
  setInterval(() => {}, 1000);`;

let started: readonly number[] = [];
afterEach(() => {
  for (const pid of started) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

/** Resolves once the parent has handed its child over: on a busy machine the child may be up before that. */
async function startParent(of: '' | 'group') {
  const parent = endWithTests(() =>
    spawn(process.execPath, ['--input-type=module', '-e', PARENT, of]),
  );
  let printed = '';
  parent.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  const pids = await vi.waitFor(() => {
    expect(printed).toContain('watched\n');
    const [, ...found] = /^(\d+) (\d+)$/m.exec(printed) ?? [];
    expect(found).toHaveLength(2);
    return found.map(Number);
  }, PATIENCE);
  started = pids;
  return { parent, pids };
}

it('ends a child with the tests that started it, when these are killed', async () => {
  const { parent, pids } = await startParent('');
  const [child = 0] = pids;
  expect(pids.map(isAlive)).toEqual([true, true]);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(child)).toBe(false), PATIENCE);
});

it('ends all of its group, where it leads one', async () => {
  const { parent, pids } = await startParent('group');
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), PATIENCE);
});
