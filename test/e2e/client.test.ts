import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRepository, pushImage, signBundle } from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { describeWorld } from '#infra/local/local-world/describe-local-world.ts';
import { type TestWorld, startTestWorld } from '#test/fixtures/local-world.ts';
import { runProcess } from './tools/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LAUNCHER = join(ROOT, 'infra', 'bin');

let world: TestWorld;
beforeAll(async () => {
  world = await startTestWorld({ sweepMs: 1_000 });
});
afterAll(() => world?.stop());

/** As a person types it. */
function countersign(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
  const url = world.functions.get('api')?.url ?? '';
  const child = execFile(
    join(LAUNCHER, 'countersign'),
    [...args, '--url', url],
    { cwd: ROOT },
    (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
  );
  return promise;
}

async function pushSigned(): Promise<string> {
  const key = await readPrivateKey(world.files.privateKey);
  let last = '';
  for (const name of ['platform', 'team-a']) {
    const repository = openRepository(world.registry, `configs/${name}`);
    const image = await pushImage(repository, { file: 'a.yaml', content: 'a: 1\n', tag: 'v1' });
    await signBundle({ repository, image, key });
    last = image.digest;
  }
  return last;
}

describe('countersign', () => {
  it('leads a release from its signature to every cluster', async () => {
    const image = `${world.registry}/configs/team-a:v1`;
    expect((await countersign('status')).code).toBe(1);
    expect((await countersign('verify', image)).code).toBe(1);
    const digest = await pushSigned();
    const waited = await countersign('wait', `${image}@${digest}`, '--timeout', '60s');
    expect(waited).toMatchObject({ code: 0, out: 'Live everywhere\n' });
    expect((await countersign('verify', image)).out).toContain('Verified by release-key');
    const resync = await countersign('resync', '--cluster', 'cluster-1', '--json');
    expect(JSON.parse(resync.out)).toMatchObject({ clusters: 1 });
    const explained = await countersign('explain', 'cluster-1', 'RepoSync/team-a/repo-sync');
    expect(explained.code).toBe(0);
    const platform = `${world.registry}/configs/platform:v1@${digest}`;
    expect((await countersign('wait', platform, '--timeout', '60s')).code).toBe(0);
    expect((await countersign('status')).code).toBe(0);
  });

  it('does what the local world says to type next', async () => {
    const [, ...lines] =
      describeWorld(world, { cwd: ROOT, launcher: LAUNCHER, empty: true })
        .split('\n\n')
        .find((one) => one.startsWith('See the fleet'))
        ?.split('\n') ?? [];
    expect(lines).toHaveLength(6);
    const told = await runProcess({
      command: 'bash',
      args: ['-euo', 'pipefail', '-c', lines.join('\n')],
      cwd: ROOT,
    });
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/^WELL +6 RSyncs on 3 clusters/m);
    expect(told.stdout).toContain('Verified by release-key');
    expect(told.stdout).toContain('A resync would task 1 cluster;');
  });

  it('takes its token from a command of the caller', async () => {
    const told = await countersign('status', '--token-command', 'echo asked >&2; echo token');
    expect(told).toMatchObject({ code: 0 });
    expect(told.err).toContain('asked\n');
    const failed = await countersign('status', '--token-command', 'exit 7');
    expect(failed.code).toBe(2);
    expect(failed.err).toContain('The token command failed');
  });

  it('exits with 3 when the time is up', async () => {
    const image = `${world.registry}/configs/team-a:v1@sha256:${'0'.repeat(64)}`;
    expect((await countersign('wait', image, '--timeout', '2s')).code).toBe(3);
  });
});
