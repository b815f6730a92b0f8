export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const DOCKER_SCHEMA1_SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/**
 * What Config Sync's library accepts, in its order (go-containerregistry `remote.Get`): a registry that converts
 * manifests to what the client accepts must convert ours as it converts Config Sync's.
 */
export const ACCEPT_MANIFEST: string = [
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  DOCKER_MANIFEST,
  OCI_MANIFEST,
  DOCKER_LIST,
  OCI_INDEX,
].join(',');

/** A Content-Type without its parameters. */
export function bareType(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}

const INDEXES: readonly string[] = [OCI_INDEX, DOCKER_LIST];
const IMAGES: readonly string[] = [OCI_MANIFEST, DOCKER_MANIFEST];
const SCHEMA1: readonly string[] = [DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED];

/** How Config Sync's library treats a media type; `unknown` ones it takes for an image, with a warning. */
export type ManifestKind = 'index' | 'image' | 'schema1' | 'unknown';

/** Exact comparison, as theirs: a type with parameters is unknown. */
export function kindOf(mediaType: string): ManifestKind {
  if (INDEXES.includes(mediaType)) return 'index';
  if (IMAGES.includes(mediaType)) return 'image';
  return SCHEMA1.includes(mediaType) ? 'schema1' : 'unknown';
}
