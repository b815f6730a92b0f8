import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFolder } from '#functions/cli/context/config-folder.ts';
import { runProgramWith } from '#test/fixtures/run-program.ts';

const URL = 'https://countersign.example';

let home: string;
let folder: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'countersign-contexts-'));
  folder = join(home, 'settings');
  file = join(folder, 'contexts.json');
});
afterEach(() => rm(home, { recursive: true }));

function context(...args: string[]) {
  return runProgramWith(['context', ...args], { folder });
}

describe('countersign context', () => {
  it('keeps installations by name, and asks the one in use', async () => {
    const command = ['--token-command', 'print it'];
    const added = await context('add', 'prod', '--url', URL, '--audience', 'aud', ...command);
    expect(added).toEqual({
      code: 0,
      out: `Context prod is added: ${URL}/, audience aud, with a token command\n`,
      err: '',
    });
    await context('add', 'local', '--url', 'http://127.0.0.1:8080');
    expect((await context('list')).out.split('\n').slice(1)).toEqual([
      `*       prod   ${URL}/  aud       print it`,
      '        local  http://127.0.0.1:8080/',
      '',
    ]);
    expect((await context('use', 'local')).code).toBe(0);
    expect(JSON.parse((await context('show', '-o', 'json')).out)).toMatchObject({
      name: 'local',
      current: true,
      file,
    });
    const asked: string[] = [];
    const fetchIt: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      asked.push(`${request.url} ${request.headers.get('authorization')}`);
      return Response.json({ freezes: [] });
    };
    const commands: string[] = [];
    const run = async (text: string) => {
      commands.push(text);
      return 'a-token\n';
    };
    for (const args of [['freezes'], ['freezes', '--context', 'prod']]) {
      await runProgramWith(args, { folder, fetch: fetchIt, run });
    }
    expect(asked).toEqual([
      'http://127.0.0.1:8080/v1/freezes null',
      `${URL}/v1/freezes Bearer a-token`,
    ]);
    expect(commands).toEqual(['print it']);
  });

  it('is the file of its user alone, replaced as a whole', async () => {
    await context('add', 'prod', '--url', URL);
    await context('add', 'prod', '--url', `${URL}:8443`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).toEqual(['contexts.json']);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      current: 'prod',
      contexts: { prod: { url: `${URL}:8443/` } },
    });
  });

  it('forgets one, and then asks none', async () => {
    await context('add', 'prod', '--url', URL);
    expect((await context('remove', 'prod')).out).toContain('None is in use');
    expect((await context('show')).code).toBe(2);
    expect(await context('list')).toMatchObject({
      code: 0,
      out: expect.stringContaining('No contexts'),
    });
  });

  it.each([
    [['add', 'prod'], 'add --url'],
    [['add', 'prod', '--url', 'countersign.example'], 'write https://countersign.example'],
    [['add', 'a b', '--url', URL], 'a b is not a name'],
    [['add', 'prod', '--url', URL, '--token', 'secret-token'], 'A token is not kept'],
    [
      ['add', 'prod', '--url', URL, '--token-command', 'echo eyJhbGciOi.eyJzdWIi.x'],
      'A token is not kept',
    ],
    [['use', 'prod'], 'context add prod'],
    [['remove', '__proto__'], 'There is no context __proto__'],
    [['show'], 'No context is in use'],
  ])('refuses %j', async (args, said) => {
    const { code, out, err } = await context(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
    expect(err).not.toContain('secret-token');
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('is not read where others may write, and where it is no list of contexts', async () => {
    await context('add', 'prod', '--url', URL);
    for (const [place, open, alone] of [
      [file, 0o622, 0o600],
      [dirname(file), 0o770, 0o700],
    ] as const) {
      await chmod(place, open);
      expect(await runProgramWith(['freezes'], { folder })).toMatchObject({
        code: 2,
        err: expect.stringContaining(`chmod go-w`),
      });
      await chmod(place, alone);
    }
    for (const text of [
      '{',
      '{"contexts":{"a":{}}}',
      '{"contexts":{"a":{"url":"x","token":"y"}}}',
    ]) {
      await writeFile(file, text);
      const { code, err } = await context('list');
      expect(code).toBe(2);
      expect(err).toContain(file);
    }
    // Who names a URL needs no file.
    const fetchIt: typeof fetch = async () => Response.json({ freezes: [] });
    const args = ['freezes', '--url', 'http://127.0.0.1:1'];
    expect((await runProgramWith(args, { folder, fetch: fetchIt })).code).toBe(0);
  });

  it('takes a name for one of two', async () => {
    const args = ['freezes', '--context', 'a', '--url', URL];
    expect(await runProgramWith(args, { folder })).toMatchObject({ code: 2 });
  });
});

describe('configFolder()', () => {
  it.each([
    [{ COUNTERSIGN_CONFIG_HOME: '/own', XDG_CONFIG_HOME: '/xdg' }, 'linux', '/own'],
    [{ XDG_CONFIG_HOME: '/xdg' }, 'linux', '/xdg/countersign'],
    [{}, 'linux', '/home/me/.config/countersign'],
    [{}, 'darwin', '/home/me/Library/Application Support/countersign'],
    [{ APPDATA: '/roaming' }, 'win32', '/roaming/countersign'],
  ] as const)('of %j on %s is %s', (env, platform, expected) => {
    expect(configFolder(env, { platform, home: '/home/me' })).toBe(expected);
  });
});
