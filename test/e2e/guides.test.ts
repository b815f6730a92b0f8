import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { APPROVED, RECEIPT, IMAGE_TO_SYNC } from '#shared/core/annotations.ts';
import {
  REPO_SYNC,
  ROOT_SYNC,
  startTestWorld,
  type TestWorld,
} from '#test/fixtures/local-world.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';
import { startPubsubEmulator } from './tools/pubsub-emulator.ts';
import { SELDOM } from '#test/patience.ts';

const DIGEST = /sha256:[0-9a-f]{64}/;
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
/** What signs with a key and asks nothing of the world outside. */
const COSIGN_2 = { cosign: 'cosign2', flags: ['--tlog-upload=false'] };
const COSIGN_3 = {
  cosign: 'cosign3',
  flags: ['--tlog-upload=false', '--use-signing-config=false', '--new-bundle-format=true'],
};
const WAYS = [
  { pusher: 'crane', signer: COSIGN_2, seed: ROOT_SYNC },
  { pusher: 'oras', signer: COSIGN_3, seed: REPO_SYNC },
  { pusher: 'oras', signer: COSIGN_2, seed: ROOT_SYNC },
  { pusher: 'crane', signer: COSIGN_3, seed: REPO_SYNC },
] as const;
type Seed = Omit<(typeof WAYS)[number]['seed'], 'image'> & { readonly image: string };

const rsync = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  status: z.object({ lastSyncedCommit: z.string().optional() }),
});
const untrusted = z.object({ digest: z.string(), reasons: z.array(z.string()) });

/** One image pushed by the steps of Google's two guides, and how often that has been done: each push is another image. */
let pushes = 0;

describe.each([
  { pubsub: 'the embedded Pub/Sub', startEmulator: undefined },
  { pubsub: "Google's emulator", startEmulator: startPubsubEmulator },
])('the steps of Google’s guides with $pubsub', ({ startEmulator }) => {
  let folder: string;
  let world: TestWorld;
  let closeEmulator: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-guides-'));
    const emulator = await startEmulator?.();
    closeEmulator = async () => emulator?.close();
    const pubsub = emulator === undefined ? {} : { pubsubHost: emulator.host };
    world = await startTestWorld(pubsub);
  });
  afterAll(async () => {
    await world?.stop();
    await closeEmulator?.();
    await rm(folder, { recursive: true });
  });

  /** Runs a tool in the test's folder, with a home of its own. */
  async function tool(name: string, ...args: readonly string[]): Promise<string> {
    const command = name === 'tar' ? name : findTool(name);
    const env = {
      HOME: folder,
      DOCKER_CONFIG: join(folder, 'docker'),
      KUBECACHEDIR: join(folder, 'kube'),
      COSIGN_PASSWORD: '',
    };
    const { code, stdout, stderr } = await runProcess({ command, args, cwd: folder, env });
    if (code !== 0) throw new Error(`${name} ${args.join(' ')} exited ${code}: ${stderr}`);
    return stdout.trim();
  }

  function referenceOf({ image }: Seed): string {
    return `${world.registry}/${image}`;
  }

  /** Pushes a namespace's manifest, as both guides do; the digest that the tag then has. */
  async function push(pusher: 'crane' | 'oras', seed: Seed): Promise<string> {
    pushes += 1;
    const manifest = `{apiVersion: v1, kind: Namespace, metadata: {name: test-${pushes}}}\n`;
    await mkdir(join(folder, 'src'), { recursive: true });
    await writeFile(join(folder, 'src', 'test-namespace.yaml'), manifest);
    await tool('tar', 'cf', 'test-namespace.tar', '-C', 'src', 'test-namespace.yaml');
    await tool('tar', 'czf', 'test-namespace.tar.gz', '-C', 'src', 'test-namespace.yaml');
    const reference = referenceOf(seed);
    if (pusher === 'crane') {
      await tool('crane', 'append', '-f', 'test-namespace.tar', '-t', reference);
    } else {
      await tool('oras', 'push', '--plain-http', reference, `test-namespace.tar.gz:${LAYER}`);
    }
    return tool('crane', 'digest', reference);
  }

  function sign(
    { cosign, flags }: typeof COSIGN_2,
    reference: string,
    key = world.files.privateKey,
  ): Promise<string> {
    return tool(cosign, 'sign', '--yes', `--key=${key}`, ...flags, reference);
  }

  async function getSync(context: string, { kind, namespace, name }: Seed) {
    const args = ['--kubeconfig', world.files.kubeconfig, '--context', context];
    const what = ['get', kind.toLowerCase(), name, '-n', namespace, '-o', 'yaml'];
    return rsync.parse(parse(await tool('kubectl', ...args, ...what)));
  }

  function everywhere<T>(look: (context: string) => Promise<T>): Promise<T[]> {
    return Promise.all(world.clusters.map(({ name }) => look(name)));
  }

  async function reasonsFor(digest: string): Promise<readonly string[]> {
    return vi.waitUntil(async () => {
      const events = await world.events();
      const found = events
        .filter(({ attributes }) => attributes['type'] === 'image.untrusted')
        .map(({ data }) => untrusted.parse(data))
        .find((event) => event.digest === digest);
      return found?.reasons;
    }, SELDOM);
  }

  it.each(WAYS)(
    '$pusher pushes, $signer.cosign signs, and every $seed.kind is countersigned',
    async ({ pusher, signer, seed }) => {
      const before = await everywhere((context) => getSync(context, seed));
      const digest = await push(pusher, seed);
      expect(digest).toMatch(DIGEST);
      const reference = referenceOf(seed);
      await sign(signer, `${reference}@${digest}`);
      const live = await everywhere((context) =>
        vi.waitUntil(async () => {
          const sync = await getSync(context, seed);
          // The spec names the digest, and Config Sync appends it once more when its new pod has pulled it.
          const pinned =
            sync.metadata.annotations[IMAGE_TO_SYNC] === `${reference}@${digest}@${digest}`;
          return pinned && `sha256:${sync.status.lastSyncedCommit}` === digest && sync;
        }, SELDOM),
      );
      const earlier = before[0]?.metadata.annotations[APPROVED]?.split(' ') ?? [];
      for (const { metadata } of live) {
        const { annotations } = metadata;
        expect(annotations[APPROVED]?.split(' ')).toEqual([digest, ...earlier]);
        expect(JSON.parse(annotations[RECEIPT] ?? '')).toMatchObject({
          image: reference,
          digest,
          verdict: 'verified',
          authorities: ['release-key'],
          enforcement: 'digest',
          reason: 'push',
        });
      }
    },
  );

  it.each([COSIGN_2, COSIGN_3])('$cosign with another key moves no cluster', async (signer) => {
    const before = await everywhere((context) => getSync(context, ROOT_SYNC));
    await tool('cosign3', 'generate-key-pair', `--output-key-prefix=other-${signer.cosign}`);
    const digest = await push('crane', ROOT_SYNC);
    const reference = `${referenceOf(ROOT_SYNC)}@${digest}`;
    await sign(signer, reference, `other-${signer.cosign}.key`);
    expect(await reasonsFor(digest)).toEqual(['wrong-key']);
    expect((await everywhere((context) => getSync(context, ROOT_SYNC))).map(essence)).toEqual(
      before.map(essence),
    );
  });

  it('a signature copied from another image moves no cluster', async () => {
    const before = await everywhere((context) => getSync(context, ROOT_SYNC));
    const repository = referenceOf(ROOT_SYNC).replace(/:[^:/]*$/, '');
    const tagOf = (of: string) => `${repository}:${of.replace(':', '-')}.sig`;
    const signed = await push('crane', { ...ROOT_SYNC, image: 'configs/platform:v2' });
    await sign(COSIGN_2, `${repository}@${signed}`);
    const digest = await push('crane', ROOT_SYNC);
    await tool('crane', 'copy', tagOf(signed), tagOf(digest));
    expect(await reasonsFor(digest)).toEqual(['digest-mismatch']);
    expect((await everywhere((context) => getSync(context, ROOT_SYNC))).map(essence)).toEqual(
      before.map(essence),
    );
  });
});

/** What must not move: every annotation, and what runs. */
function essence({ metadata, status }: z.infer<typeof rsync>) {
  return { annotations: metadata.annotations, live: status.lastSyncedCommit };
}
