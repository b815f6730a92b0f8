import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';
import { requireFolder } from './tools/config-sync.ts';
import { runProcess } from './tools/process.ts';
import { patiently } from '#test/patience.ts';

const MAIN = fileURLToPath(new URL('../../functions/cli/main.ts', import.meta.url));
const PATIENCE = { timeout: patiently(400_000), interval: 500 };
const LIMIT_MS = patiently(900_000);

let dir: string;
let child: ChildProcess;
let output = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-real-world-'));
  const folder = requireFolder(process.env);
  const options = ['--config-sync', folder, '--clusters', '1', '--ports', 'free', '--dir', dir];
  child = endWithTests(() => spawn(process.execPath, [MAIN, 'local', 'up', ...options]));
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const isUp = (): boolean => child.exitCode !== null || output.includes('The local world is up');
  await vi.waitUntil(isUp, PATIENCE);
  if (child.exitCode !== null) throw new Error(output);
}, LIMIT_MS);
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true, maxRetries: 10 });
});

it(
  'runs signed images in every RSync, and takes up the next one that is signed',
  async () => {
    expect(output).toContain('cluster-1: Pod root-reconciler runs reconciler, oci-sync');
    expect(output).toContain('cluster-1: Pod ns-reconciler-team-a runs reconciler, oci-sync');
    expect(output).toContain('2 RSyncs on 1 cluster: all is well');
    const registry = /registry +(\S+)/.exec(output)?.[1] ?? '';
    const api = /api +(http\S+),/.exec(output)?.[1] ?? '';
    const repository = openRepository(registry, 'configs/platform');
    const content = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: next\n';
    const image = await pushImage(repository, { file: 'manifest.yaml', content });
    const key = await readPrivateKey(join(dir, 'cosign.key'));
    await signBundle({ repository, image, key });
    await pushImage(repository, { file: 'manifest.yaml', content, tag: 'v1' });
    const live = `${registry}/configs/platform:v1@${image.digest}`;
    const waited = await runProcess({
      command: process.execPath,
      args: [MAIN, 'wait', live, '--timeout', '5m'],
      env: { COUNTERSIGN_URL: api },
      timeout: PATIENCE.timeout,
    });
    expect(waited).toMatchObject({ code: 0, stdout: expect.stringContaining('Live everywhere') });
  },
  LIMIT_MS,
);

it(
  'ends with everything that it started where it is killed',
  async () => {
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
    await vi.waitFor(async () => expect(await processesOf(dir)).toEqual([]), PATIENCE);
  },
  LIMIT_MS,
);

/** Processes that have the folder of the world among their arguments or variables. */
async function processesOf(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const texts = ['cmdline', 'environ'].map((file) =>
      readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''),
    );
    if ((await Promise.all(texts)).join('').includes(folder)) found.push(pid);
  }
  return found;
}
