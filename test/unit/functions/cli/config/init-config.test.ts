import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Run, runProgramWith } from '#test/fixtures/run-program.ts';

const KEY = 'gcpkms://projects/p/locations/us/keyRings/a/cryptoKeys/b/cryptoKeyVersions/1';
const KUBECONFIG = `apiVersion: v1
kind: Config
contexts:
  - { name: edge-1, context: { cluster: a, user: a } }
  - { name: edge-2, context: { cluster: a, user: a } }
clusters: [{ name: a, cluster: { server: https://a.test } }]
users: [{ name: a, user: { token: t } }]
`;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-init-'));
  file = join(folder, 'countersign.yaml');
  writeFileSync(join(folder, 'kubeconfig'), KUBECONFIG);
});
afterEach(() => rmSync(folder, { recursive: true }));

function init(args: readonly string[], ask?: (question: string) => Promise<string>): Promise<Run> {
  return runProgramWith(['config', 'init', file, ...args], ask === undefined ? {} : { ask });
}

const IMAGE = 'us-docker.pkg.dev/acme/configs';
const BY_FLAGS = ['--fleet-project', 'fleet-host', '--image', IMAGE, '--signing-key', KEY];

describe('countersign config init', () => {
  it('writes a file that passes config check, and says what is next', async () => {
    expect(await init(BY_FLAGS)).toMatchObject({ code: 0, err: '' });
    expect(await runProgramWith(['config', 'check', file])).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toContain('us-docker.pkg.dev/acme/configs/**');
  });

  it('asks at a terminal for what is missing, again where nothing is answered', async () => {
    const answers = ['', join(folder, 'kubeconfig'), 'registry.example/a, registry.example/b', KEY];
    const asked: string[] = [];
    const done = await init([], async (question) => {
      asked.push(question);
      return answers.shift() ?? '';
    });
    expect(done).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(4);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('path: "./kubeconfig"');
    expect(text).toContain('contexts: [edge-1, edge-2]');
    expect(text).toContain('registry.example/b');
  });

  it('leaves a file alone that is there, unless it is told to replace it', async () => {
    writeFileSync(file, 'mine');
    const { code, err } = await init(BY_FLAGS);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--force') });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await init([...BY_FLAGS, '--force'])).toMatchObject({ code: 0 });
  });

  it('writes nothing that would not pass', async () => {
    const args = ['--fleet-project', 'p', '--image', 'r.example/a', '--signing-key', 'absent.pub'];
    const { code, err } = await init(args);
    expect(code).toBe(2);
    expect(err).toContain('absent.pub');
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it.each([
    [[], '--kubeconfig or --fleet-project'],
    [['--fleet-project', 'p'], '--image'],
    [['--fleet-project', 'p', '--image', 'r.example/a'], '--signing-key or --issuer'],
    [['--kubeconfig', '/nowhere', '--image', 'r.example/a'], '/nowhere'],
    [['--fleet-project', 'p', '--image', 'platform', '--signing-key', KEY], '"platform"'],
  ])('names what is missing or wrong of %j', async (args, named) => {
    const { code, out, err } = await init(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(named);
  });
});
