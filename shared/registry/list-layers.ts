import * as z from 'zod';
import type { Digest } from '#shared/core/digest.ts';
import { parseJson } from '#shared/net/json.ts';
import { CHART_CONFIG, MAX_LAYERS, digestSchema } from './read-manifest.ts';
import type { LayerDescriptor, LayerList, Registry } from './registry.ts';
import { pullImage } from './resolve.ts';

const descriptorSchema = z.object({
  digest: digestSchema,
  mediaType: z.string().optional().catch(undefined),
  size: z.number().int().nonnegative(),
});

/** What decides which bytes of an image are unpacked. */
const layersSchema = z.object({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).min(1).max(MAX_LAYERS),
});

/** Helm's "OCI artifact" document: the archive, and as Helm 3.0 to 3.6 pushed it. */
const CHART_LAYERS: readonly (string | undefined)[] = [
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
  'application/tar+gzip',
];

/**
 * The layers that are unpacked of the image with that digest: of an index, those of the child that Config Sync pulls;
 * of a Helm chart, the one that Helm pulls. A digest that is no image is an answer, `unusable`. Throws what the
 * registry throws.
 */
export async function listLayers(
  registry: Pick<Registry, 'manifest'>,
  repository: string,
  digest: Digest,
): Promise<LayerList> {
  const { image } = await pullImage(registry, repository, digest, `${repository}@${digest}`);
  if (image.status === 'unusable') return image;
  const name = `${repository}@${image.manifest.digest}`;
  const { data } = layersSchema.safeParse(parseJson(image.manifest.bytes));
  if (data === undefined) return notAnImage(`${name} has layers or a config without a size`);
  const { config, layers } = data;
  // Config Sync's library takes the size of the first descriptor with a digest, and stops where it does not hold.
  const sizes = new Map<string, number>();
  for (const { digest: described, size } of [config, ...layers]) {
    if ((sizes.get(described) ?? size) !== size) {
      return notAnImage(`${name} gives ${described} two sizes`);
    }
    sizes.set(described, size);
  }
  if (config.mediaType !== CHART_CONFIG) return listed('oci', layers);
  const archives = layers.filter(({ mediaType }) => CHART_LAYERS.includes(mediaType));
  if (archives.length === 1) return listed('helm', archives);
  return notAnImage(`${name} is a Helm chart with ${archives.length} archives`);
}

function listed(type: 'oci' | 'helm', layers: readonly LayerDescriptor[]): LayerList {
  return { status: 'listed', type, layers: layers.map(({ digest, size }) => ({ digest, size })) };
}

function notAnImage(message: string): LayerList {
  return { status: 'unusable', reason: 'not-an-image', message };
}
