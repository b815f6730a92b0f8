import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTar } from '#infra/local/config-sync/unpack-layers.ts';
import {
  digestOf,
  openRepository,
  pushImage,
  type Repository,
  signBundle,
  signLegacy,
} from '#infra/local/images/push-image.ts';
import type { Notification } from '#infra/local/registry/manifests.ts';
import { type RunningRegistry, startRegistry } from '#infra/local/registry/start-registry.ts';
import { isDigest } from '#shared/core/digest.ts';
import { reasonsOf } from '#shared/core/verdict.ts';
import { createRegistry } from '#shared/registry/http-registry.ts';
import { createKeyLoader } from '#shared/trust/keys.ts';
import { createVerifier } from '#shared/trust/verifier.ts';
import { keyPolicy } from '#test/fakes/cosign.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const FILE = { file: 'a.yaml', content: 'a: 1\n' };
const descriptor = z.object({ digest: z.string() });
const manifestSchema = z.object({ layers: z.array(descriptor), config: descriptor });
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

let registry: RunningRegistry;
let repository: Repository;
let notified: Notification[];

beforeEach(async () => {
  notified = [];
  registry = await startRegistry({
    port: 0,
    notify: async (notification) => {
      notified.push(notification);
    },
  });
  repository = openRepository(registry.host, 'configs/platform');
});
afterEach(() => registry?.close());

async function get(path: string): Promise<Buffer> {
  const response = await fetch(`${registry.url}/v2/configs/platform/${path}`);
  return Buffer.from(await response.arrayBuffer());
}

async function verdictOf(digest: string, format: 'legacy' | 'bundle', key = pair.publicKey) {
  if (!isDigest(digest)) throw new Error('not a digest');
  const client = createRegistry({
    fetch,
    registries: [{ host: registry.host, plainHttp: true, auth: 'none' }],
    now: () => new Date(),
    googleToken: () => Promise.reject(new Error('no Google here')),
  });
  const verifier = createVerifier({ registry: client, keys: createKeyLoader(), now: Date.now });
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const subject = { repository: repository.name, digest };
  const verdict = await verifier.verify(subject, keyPolicy([{ pem }], { format }));
  return [verdict.status, ...reasonsOf(verdict)];
}

describe('pushImage()', () => {
  it('pushes one layer with one file, the same digest each time', async () => {
    const image = await pushImage(repository, { ...FILE, tag: 'v1' });
    const bytes = await get('manifests/v1');
    expect(image).toEqual({ mediaType: MANIFEST, digest: digestOf(bytes), size: bytes.length });
    const { layers, config } = manifestSchema.parse(JSON.parse(bytes.toString()));
    const tar = gunzipSync(await get(`blobs/${layers[0]?.digest}`));
    expect([...readTar(tar)]).toMatchObject([{ path: 'a.yaml', directory: false }]);
    expect(tar.includes(FILE.content)).toBe(true);
    expect(JSON.parse((await get(`blobs/${config.digest}`)).toString())).toMatchObject({
      os: 'linux',
      architecture: 'amd64',
      rootfs: { diff_ids: [digestOf(tar)] },
    });
    expect((await pushImage(repository, FILE)).digest).toBe(image.digest);
    const digest = `${repository.name}@${image.digest}`;
    expect(notified).toEqual([
      { action: 'INSERT', digest, tag: `${repository.name}:v1` },
      { action: 'INSERT', digest },
    ]);
  });

  it('says what the registry answered', async () => {
    const lost = { ...repository, pushBlob: async () => ({ mediaType: '', digest: '', size: 0 }) };
    await expect(pushImage(lost, FILE)).rejects.toThrow('Registry answered 400');
  });
});

describe.each([
  { format: 'legacy', signAs: signLegacy },
  { format: 'bundle', signAs: signBundle },
] as const)('a $format signature', ({ format, signAs }) => {
  it('verifies with its key alone, and for its image alone', async () => {
    const image = await pushImage(repository, FILE);
    const unsigned = await pushImage(repository, { ...FILE, content: 'a: 2\n' });
    await signAs({ repository, image, key: pair.privateKey });
    expect(await verdictOf(image.digest, format)).toEqual(['verified']);
    expect(await verdictOf(image.digest, format, other.publicKey)).toEqual([
      'untrusted',
      'wrong-key',
    ]);
    expect(await verdictOf(unsigned.digest, format)).toEqual(['unsigned']);
  });

  it('is of that format and no other', async () => {
    const image = await pushImage(repository, FILE);
    await signAs({ repository, image, key: pair.privateKey });
    const another = format === 'legacy' ? 'bundle' : 'legacy';
    expect((await verdictOf(image.digest, another))[0]).not.toBe('verified');
  });
});
