import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  OCI_CONFIG,
  OCI_LAYER,
  OCI_MANIFEST,
  openRepository,
  signBundle,
} from '#infra/local/images/push-image.ts';
import { readPrivateKey } from '#infra/local/keys/key-pair.ts';
import { APPROVED } from '#shared/core/annotations.ts';
import { ROOT_SYNC, startTestWorld, type TestWorld } from '#test/fixtures/local-world.ts';
import { tarOf, yamlAt } from '#test/fixtures/tar-builder.ts';
import { publishSigned } from '#test/fixtures/world-story.ts';
import { PATIENCE } from '#test/patience.ts';

let world: TestWorld;

beforeAll(async () => {
  world = await startTestWorld({ clusters: 1, only: 'approving' });
});
afterAll(() => world?.stop());

/** Pushes an image of that one layer, signs it where asked to, and tags it afterwards. Returns its digest. */
async function publish(layer: Buffer, signed: boolean): Promise<string> {
  const repository = openRepository(world.registry, 'configs/platform');
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await repository.pushBlob(Buffer.from('{}'), OCI_CONFIG),
    layers: [await repository.pushBlob(layer, OCI_LAYER)],
  };
  const image = await repository.pushManifest(manifest);
  const key = await readPrivateKey(world.files.privateKey);
  if (signed) await signBundle({ repository, image, key });
  await repository.pushManifest(manifest, 'v1');
  return image.digest;
}

/** The first event of an image's verdict on that digest. */
function verdictOn(digest: string) {
  return vi.waitUntil(async () => {
    const events = await world.events();
    const found = events.find(({ attributes, data }) => {
      const about =
        typeof data === 'object' && data !== null && 'digest' in data ? data.digest : '';
      return about === digest && attributes['type']?.startsWith('image.') === true;
    });
    return found && { ...found.attributes, data: found.data };
  }, PATIENCE);
}

async function approved(): Promise<string | undefined> {
  const { metadata } = await world.get('cluster-1', ROOT_SYNC);
  return metadata.annotations[APPROVED];
}

describe('the functions as they are built', () => {
  it('approve no signed image whose layer is no archive, or leads out, or has nothing to apply', async () => {
    const good = await publishSigned(world, 'a: 1\n');
    await vi.waitUntil(async () => (await approved())?.startsWith(good), PATIENCE);
    const hostile = {
      'layer-not-tar': Buffer.from('kind: ConfigMap\n'.repeat(99)),
      'unsafe-entry': gzipSync(tarOf(yamlAt('a.yaml'), yamlAt('../b.yaml'))),
      'empty-source': gzipSync(tarOf({ name: 'a.yaml', content: '# soon\n' })),
    };
    for (const [reason, layer] of Object.entries(hostile)) {
      const digest = await publish(layer, true);
      expect(await verdictOn(digest)).toMatchObject({
        type: 'image.unusable',
        severity: reason === 'unsafe-entry' ? 'ERROR' : 'WARNING',
        data: { reasons: [reason] },
      });
    }
    const next = await publishSigned(world, 'b: 1\n');
    await vi.waitUntil(async () => (await approved())?.startsWith(next), PATIENCE);
    // What came between was never approved: it would stand in the list.
    expect((await approved())?.split(' ')).toEqual([next, good]);
  });

  it('report an unsigned image that leads out as an ERROR', async () => {
    const digest = await publish(tarOf(yamlAt('a.yaml'), yamlAt('/b.yaml')), false);
    expect(await verdictOn(digest)).toMatchObject({
      type: 'image.unusable',
      severity: 'ERROR',
      data: { reasons: ['unsafe-entry'] },
    });
  });
});
