import * as z from 'zod';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.int().nonnegative(),
  /** Content that lives elsewhere ("foreign layers") need not be pushed. */
  urls: z.array(z.string()).optional(),
});

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  subject: descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
};

/** An image: what is written is the pusher's word, apart from the blobs, which must be there. */
export const imageManifest = z.object({
  ...common,
  config: descriptor,
  layers: z.array(descriptor),
});

/** An index, or Docker's manifest list. */
export const imageIndex = z.object({ ...common, manifests: z.array(descriptor) });

export type ImageManifest = z.infer<typeof imageManifest>;
export type ImageIndex = z.infer<typeof imageIndex>;

/** Media types this registry takes, and the kind of body each has. Schema 1 is not among them, as at Artifact Registry. */
export const MANIFEST_KINDS: Readonly<Record<string, 'image' | 'index'>> = {
  [OCI_MANIFEST]: 'image',
  [DOCKER_MANIFEST]: 'image',
  [OCI_INDEX]: 'index',
  [DOCKER_LIST]: 'index',
};
