import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { APPLYSET_TOOLING } from '#infra/local/config-sync/finalizers.ts';
import {
  openRepository,
  pushImage,
  signBundle,
  signLegacy,
} from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { startLocalWorld } from '#infra/local/local-world/start-local-world.ts';
import { loadConfig } from '#shared/config/load-config.ts';
import { readRSync } from '#shared/configsync/read-rsync.ts';
import { APPROVED, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import { isLive } from '#shared/core/sync-status.ts';
import {
  BUNDLES,
  REPO_SYNC,
  ROOT_SYNC,
  startTestWorld,
  type TestWorld,
} from '#test/fixtures/local-world.ts';
import { PATIENCE } from '#test/patience.ts';

const CLUSTERS = ['cluster-1', 'cluster-2', 'cluster-3'];
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

let world: TestWorld;

beforeAll(async () => {
  world = await startTestWorld();
});
afterAll(() => world?.stop());

/** The annotations of one RSync in every cluster, receipts parsed, once each reports the digest live. */
async function syncedAnnotations(seed: typeof ROOT_SYNC | typeof REPO_SYNC, digest: string) {
  const hex = digest.replace('sha256:', '');
  const found: unknown[] = [];
  for (const cluster of CLUSTERS) {
    const { metadata } = await vi.waitUntil(async () => {
      const seen = await world.get(cluster, seed);
      return isLive(readRSync(seen), hex) && seen;
    }, PATIENCE);
    // Config Sync's own mark, at first sight.
    const { [RECEIPT]: receipt = '', [APPLYSET_TOOLING]: _, ...annotations } = metadata.annotations;
    found.push({ ...annotations, [RECEIPT]: JSON.parse(receipt) as unknown });
  }
  return found;
}

/** What they have to be, exactly: approved by the event, not by a sweep. */
async function expectedAnnotations(image: string, digest: string) {
  const config = await loadConfig(world.files.config);
  const expected = {
    [APPROVED]: digest,
    // The spec names the digest, and Config Sync appends it once more.
    [IMAGE_TO_SYNC]: `${image}@${digest}@${digest}`,
    [RECEIPT]: {
      image,
      digest,
      verdict: 'verified',
      authorities: ['release-key'],
      policy: config.trust['release']?.hash,
      resolvedAt: TIME,
      approvedAt: TIME,
      enforcement: 'digest',
      reason: 'push',
      pin: 'written',
      // The hint of its key, as cosign calls it: SHA-256 in base64.
      signer: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
    },
  };
  return CLUSTERS.map(() => expected);
}

describe('the local world', () => {
  it('holds an unsigned image until the event of its signature', async () => {
    const repository = openRepository(world.registry, 'configs/platform');
    const image = await pushImage(repository, { file: 'a.yaml', content: 'a: 1\n', tag: 'v1' });
    for (const cluster of CLUSTERS) {
      await vi.waitFor(async () => {
        const { status } = readRSync(await world.get(cluster, ROOT_SYNC));
        expect(status.source.errors.map(({ code }) => code)).toEqual(['2002']);
      }, PATIENCE);
      const { metadata } = await world.get(cluster, ROOT_SYNC);
      expect(Object.keys(metadata.annotations)).toEqual([APPLYSET_TOOLING]);
    }
    await signLegacy({ repository, image, key: await readPrivateKey(world.files.privateKey) });
    const expected = await expectedAnnotations(`${repository.name}:v1`, image.digest);
    expect(await syncedAnnotations(ROOT_SYNC, image.digest)).toEqual(expected);
  });

  it('takes an image that was signed before its tag', async () => {
    const repository = openRepository(world.registry, 'configs/team-a');
    const image = await pushImage(repository, { file: 'b.yaml', content: 'b: 1\n' });
    await signBundle({ repository, image, key: await readPrivateKey(world.files.privateKey) });
    await pushImage(repository, { file: 'b.yaml', content: 'b: 1\n', tag: 'v1' });
    const expected = await expectedAnnotations(`${repository.name}:v1`, image.digest);
    expect(await syncedAnnotations(REPO_SYNC, image.digest)).toEqual(expected);
  });

  it('publishes what a sweep finds', async () => {
    await fetch(world.functions.get('sweep')?.url ?? '', { method: 'POST' });
    const synced = await vi.waitFor(async () => {
      const events = await world.events();
      const found = events.filter(({ attributes }) => attributes['type'] === 'sync.synced');
      expect(found.length).toBe(6);
      return found;
    }, PATIENCE);
    const subjects = synced
      .map(({ attributes }) => attributes['ce-subject'] ?? '')
      .toSorted(undefined);
    const expected = CLUSTERS.flatMap((name) => [
      `${name}/RepoSync/team-a/repo-sync`,
      `${name}/RootSync/root-sync`,
    ]);
    expect(subjects).toEqual(expected);
  });

  it('refuses an approval by another user than Countersign', async () => {
    const path = 'namespaces/config-management-system/rootsyncs/root-sync';
    const response = await fetch(
      `${world.clusters[0]?.url}/apis/configsync.gke.io/v1beta1/${path}`,
      {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: '{"metadata":{"annotations":{"countersign.dev/approved":"sha256:0"}}}',
      },
    );
    expect(response.status).toBe(422);
  });

  it('refuses to share its folder', async () => {
    const { dir } = world.files;
    await expect(startLocalWorld({ dir, ports: 'free', bundles: BUNDLES })).rejects.toThrow(
      `Another local world runs in ${dir} (process ${process.pid})`,
    );
  });

  it('says which function died, and with what last words', async () => {
    const sweep = world.functions.get('sweep');
    process.kill(sweep?.pid ?? 0, 'SIGKILL');
    const failure = await world.failed;
    expect(failure.message).toMatch(
      /^Function sweep ended by SIGKILL; the last line of its log: \{/,
    );
  });

  it('leaves no port and no process behind', async () => {
    const urls = [...world.functions.values(), ...world.clusters].map(({ url }) => url);
    const hosts = [world.registry, world.pubsub.host, ...urls.map((url) => new URL(url).host)];
    expect(await Promise.all(hosts.map(isListening))).toContain(true);
    await world.stop();
    expect(await Promise.all(hosts.map(isListening))).toEqual(hosts.map(() => false));
    for (const { pid } of world.functions.values())
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

function isListening(host: string): Promise<boolean> {
  const [name = '', port = ''] = host.split(':');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(Number(port), name);
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
