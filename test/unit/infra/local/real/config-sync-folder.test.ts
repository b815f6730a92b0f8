import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalWorldError } from '#infra/local/local-world/local-world-error.ts';
import { MAX_REAL_CLUSTERS, startRealClusters } from '#infra/local/local-world/real-clusters.ts';
import { MANIFESTS, requireConfigSync, TEMPLATE } from '#infra/local/real/config-sync-folder.ts';
import { runLocal } from '#infra/local/run-local.ts';

const PROGRAMS = [
  'reconciler-manager',
  'reconciler',
  'oci-sync',
  'helm-sync',
  'hydration-controller',
].map((name) => join('bin', name));
const TEXTS = [...MANIFESTS, TEMPLATE].map((name) => join('manifests', name));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-config-sync-folder-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, mode: number): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), '');
  await chmod(join(folder, path), mode);
}

describe('requireConfigSync()', () => {
  it('takes a folder that has everything', async () => {
    for (const path of PROGRAMS) await put(path, 0o700);
    for (const path of TEXTS) await put(path, 0o600);
    await expect(requireConfigSync(folder)).resolves.toBeUndefined();
  });

  it('names each binary and manifest that is not there, and how upstream builds them', async () => {
    for (const path of PROGRAMS.slice(1)) await put(path, 0o700);
    for (const path of TEXTS.filter((name) => !name.includes('rootsync'))) await put(path, 0o600);
    // No user can run it, not even root.
    await put(join('bin', 'oci-sync'), 0o600);
    const refused = requireConfigSync(folder);
    await expect(refused).rejects.toThrow(LocalWorldError);
    await expect(refused).rejects.toThrow(
      `--config-sync: ${folder} has not all of Config Sync. Missing:
  bin/reconciler-manager
  bin/oci-sync
  manifests/rootsync-crd.yaml
Build it from its sources, https://github.com/GoogleContainerTools/kpt-config-sync`,
    );
    await expect(refused).rejects.toThrow(`go build -mod=vendor -ldflags`);
  });
});

describe('startRealClusters()', () => {
  it('starts nothing where the folder has nothing', async () => {
    await using parts = new AsyncDisposableStack();
    const started = startRealClusters(
      {
        count: 1,
        registry: '127.0.0.1:1',
        effect: 'pin',
        folder,
        home: join(folder, 'home'),
        onStep: () => expect.unreachable(),
      },
      parts,
    );
    await expect(started).rejects.toThrow('Missing:\n  bin/reconciler-manager\n');
  });
});

describe('runLocal()', () => {
  it('refuses more clusters than the real Config Sync runs in', async () => {
    const clusters = MAX_REAL_CLUSTERS + 1;
    const options = { clusters, portOffset: 0, verbose: false, effect: 'pin' as const };
    const refused = runLocal(
      { ...options, configSync: folder },
      { bundles: folder, home: join(folder, 'world') },
    );
    await expect(refused).rejects.toMatchObject({
      code: 'bad-request',
      message: '--config-sync runs 3 clusters at most, and --clusters says 4: write 3 or fewer',
    });
  });
});
