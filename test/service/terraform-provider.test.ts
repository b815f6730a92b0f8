import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, expect, it } from 'vitest';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

const PROVIDER = join(import.meta.dirname, '../terraform/provider/main.ts');
/** Stands for Terraform: starts the provider, which writes its handshake to the same pipe, and goes on. */
const PARENT = `
  const { spawn } = require('node:child_process');
  const provider = spawn(process.execPath, [process.argv[1]], { stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(provider.pid);
  setInterval(() => {}, 60_000);
`;

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

it('ends a provider whose Terraform was killed', async () => {
  const parent = endWithTests(() =>
    spawn(process.execPath, ['-e', PARENT, PROVIDER], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  if (parent.pid !== undefined) started.push(parent.pid);
  const lines = createInterface(parent.stdout)[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  started.push(pid);
  expect((await lines.next()).value).toMatch(/^1\|6\|tcp\|127\.0\.0\.1:\d+\|grpc\|/);

  parent.kill('SIGKILL');
  await once(parent, 'exit');
  // The pipe ends with the last process that writes to it.
  expect(await lines.next()).toEqual({ done: true, value: undefined });
});
