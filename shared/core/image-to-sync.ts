import type { Digest } from './digest.ts';

/** Config Sync's annotation: what a reconciler is about to sync (facts/config-sync.md section 2). */
export const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';

export interface ImageToSync {
  /** What stands before the last `@`: `spec.oci.image` or `spec.helm.repo`, verbatim. */
  readonly source: string;
  /** What stands after `@sha256:`: 64 hex digits, or a Helm chart's version. */
  readonly commit: string;
}

/**
 * Reads the annotation from the right, for an image that is itself pinned by digest has two `@`
 * (`x@sha256:a@sha256:a`), and Helm writes a version where the digest would be. Undefined when it is neither.
 */
export function parseImageToSync(value: string): ImageToSync | undefined {
  const at = value.lastIndexOf('@');
  const prefix = '@sha256:';
  if (at <= 0 || !value.startsWith(prefix, at)) return undefined;
  const commit = value.slice(at + prefix.length);
  return commit === '' ? undefined : { source: value.slice(0, at), commit };
}

/** The value exactly as Config Sync writes it for an OCI source; `image` is `spec.oci.image`, verbatim. */
export function formatImageToSync(image: string, digest: Digest): string {
  return `${image}@${digest}`;
}
