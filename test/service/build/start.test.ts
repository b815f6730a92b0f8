import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunctions, START } from '#infra/build/bundle.ts';
import { type Child, startChild } from '#test/fakes/child.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const FAILING = './test/service/build/failing-function.ts';
const entries = { failing: FAILING, waiting: './test/service/build/waiting-function.ts' };
let outdir: string;
beforeAll(async () => {
  outdir = mkdtempSync(join(tmpdir(), 'start-'));
  await bundleFunctions({ root, entries, start: START, outdir });
});
afterAll(() => rmSync(outdir, { recursive: true }));

/** Runs start.js as if it had been started with these arguments. */
function start(args: readonly string[]): Child {
  const file = join(outdir, 'with-arguments.mjs');
  const argv = `process.argv.splice(2, 9, ...${JSON.stringify(args)});`;
  writeFileSync(file, `${argv}\nawait import('./start.js');\n`);
  return startChild(file, {});
}

describe('start.js', () => {
  it('runs the function that its argument names, and maps stacks to the sources', async () => {
    const child = start(['failing']);
    const line = await child.line('Failed');
    const source = readFileSync(join(root, FAILING), 'utf8').split('\n');
    const thrown = source.findIndex((text) => text.includes('new TypeError')) + 1;
    expect(line.stack_trace).toMatch(/^TypeError: on purpose\n/);
    expect(line.stack_trace).toContain(`test/service/build/failing-function.ts:${thrown}:`);
    expect(line.stack_trace).not.toContain('.js:');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it('stops on SIGTERM, even before the function handles that', async () => {
    const child = start(['waiting']);
    await child.line('Starting');
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  it.each([[[]], [['']], [['chunks']], [['../failing']], [['failing/main.js']]])(
    'with the arguments %j says which functions there are',
    async (args) => {
      const child = start(args);
      expect(await child.line('Function cannot start')).toMatchObject({
        severity: 'ERROR',
        code: 'bad-config',
        error: expect.stringMatching(/of failing, waiting; or "countersign" and its own$/),
      });
      expect(await child.exited).toEqual({ code: 1, signal: null });
    },
  );
});
