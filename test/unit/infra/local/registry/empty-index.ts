import { digestOf } from '#infra/local/registry/request.ts';

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** The least that can be pushed: an index of nothing needs nothing pushed before it. */
export const emptyIndex = JSON.stringify({
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [],
});

export const INDEX_DIGEST = digestOf(Buffer.from(emptyIndex));
