import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_CONFIG_BYTES } from '#shared/config/limits.ts';
import { type Run, runProgramWith } from '#test/fixtures/run-program.ts';
import { edit, FULL, fullText, lineOf, localText } from '#test/unit/config/fixture.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

const OPEN = localText.replace(/authorities:\n.*\n.*\n/, 'allowUnsigned: true\n');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-config-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

function run(args: string[], stdin = ''): Promise<Run> {
  return runProgramWith(['config', 'check', ...args], {
    stdin: Readable.from([Buffer.from(stdin)]),
    date: () => new Date('2026-11-23T12:00:00Z'),
  });
}

async function fileOf(content: string | Uint8Array): Promise<string> {
  const file = join(folder, 'countersign.yaml');
  await writeFile(file, content);
  return file;
}

describe('countersign config check', () => {
  it('exits 0 with one line for a good file', async () => {
    const { code, out, err } = await run([FULL]);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      `${FULL}: ok, 3 images, 2 trust policies, fleet gkeHub, store firestore`,
      expect.stringMatching(/^\S+: note: images\[2\] without effect: pin,/),
      '',
    ]);
  });

  it('exits 1 with one line for each problem', async () => {
    const text = edit(edit(OPEN, 'trust: release', 'trust: relaese'), 'sqlite:', 'sqlit:');
    const file = await fileOf(text);
    const { code, out, err } = await run([file]);
    expect([code, err]).toEqual([1, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe(
      `${file}:${lineOf(text, 'relaese')}:48  images[0].trust  Names no trust policy. Fix: Write one of release, or add the policy under trust`,
    );
    expect(lines.every((line) => /^\S+:\d+:\d+ {2}\S.* {2}\S.*\. Fix: \S.*$/.test(line))).toBe(
      true,
    );
  });

  it('reads standard input for "-"', async () => {
    expect(await run(['-'], OPEN)).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^-: ok, 1 image, 1 trust policy, fleet kubeconfig, store sqlite\n-: note: images\[0\] /,
      ),
      err: '',
    });
    const { code, out } = await run(['-'], '{}');
    expect(code).toBe(1);
    expect(out).toContain('-:1:1  apiVersion  Is missing.');
  });

  it('prints the JSON Schema', async () => {
    const whole = { title: 'Countersign configuration', type: 'object' };
    const { code, out } = await runProgramWith(['config', 'schema']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject(whole);
    // As the script of npm has it.
    expect((await run(['--schema'])).out).toBe(out);
  });

  it.each([
    [[], 'countersign.yaml'],
    [['a', 'b'], 'too many arguments'],
    [['--scheme'], '--scheme'],
    [['a', '--config', 'b'], 'Two config files, a and b'],
  ])('exits 2 for %j', async (args, said) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });

  it('gives its findings as JSON', async () => {
    expect(JSON.parse((await run([FULL, '--json'])).out)).toMatchObject({
      file: FULL,
      problems: [],
    });
    const bad = await run(['-', '-o', 'json'], '{}');
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out).problems).toContainEqual(
      expect.objectContaining({ kind: 'missing', line: 1, column: 1, path: 'fleet' }),
    );
  });

  it('exits 2 where there is no file to read', async () => {
    for (const file of [join(folder, 'absent.yaml'), folder]) {
      const { code, out, err } = await run([file]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(file);
    }
  });

  it('exits 2 for what is not text', async () => {
    const bad: [number, Uint8Array][] = [
      [1, Uint8Array.of(0x61, 0xff, 0xfe)],
      [1, Buffer.from(fullText, 'utf16le')],
      [3, Buffer.from('# \n\n# \u00fc\n# \u00e4', 'latin1')],
    ];
    for (const [line, bytes] of bad) {
      const file = await fileOf(bytes);
      const { code, err } = await run([file]);
      expect(code).toBe(2);
      expect(err).toContain(
        `Config file ${file} cannot be read: It is no UTF-8 text at line ${line}:`,
      );
    }
  });

  it('exits 1 for a file past the limit, wherever it comes from', async () => {
    const text = `${fullText}#${'x'.repeat(MAX_CONFIG_BYTES)}`;
    for (const { code, out } of [await run([await fileOf(text)]), await run(['-'], text)]) {
      expect(code).toBe(1);
      expect(out).toContain(`Is larger than ${MAX_CONFIG_BYTES} bytes`);
    }
  });
});

describe('the command', () => {
  it('is wired to standard input, output and the exit status', async () => {
    const main = resolve(import.meta.dirname, '../../../../functions/cli/main.ts');
    const child = endWithTests(() =>
      spawn(process.execPath, [main, 'config', 'check', '-'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.end('{}');
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(Buffer.concat(chunks).toString()).toContain('-:1:1  fleet  Is missing.');
  });
});
