import { gzipSync } from 'node:zlib';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from './media-types.ts';
import { type Descriptor, digestOf, type Repository } from './registry-client.ts';
import { tarOf } from './tar.ts';

/**
 * Pushes an image with one file, as `crane append` does from an empty base; returns its manifest. Without a tag only
 * its digest names it.
 */
export async function pushImage(
  repository: Repository,
  image: { readonly file: string; readonly content: string; readonly tag?: string },
): Promise<Descriptor> {
  const tar = tarOf(image.file, Buffer.from(image.content));
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await repository.pushBlob(Buffer.from(JSON.stringify(config)), OCI_CONFIG),
    layers: [await repository.pushBlob(gzipSync(tar), OCI_LAYER)],
  };
  return repository.pushManifest(manifest, image.tag);
}
