import type { Spec } from './schema.ts';

export const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';

/**
 * What a reconciler writes before it syncs (facts/config-sync.md section 2): the image as the spec has it, a digest in
 * it notwithstanding, and the commit; for Helm over OCI the repository without the chart, and the version where a
 * digest would be. Null removes it: git and Helm over http have none.
 */
export function imageToSync(spec: Spec, commit: string): string | null {
  const source = sourceOf(spec);
  return source === undefined ? null : `${source}@sha256:${commit}`;
}

function sourceOf({ sourceType, oci, helm }: Spec): string | undefined {
  if (sourceType === 'oci') return oci?.image;
  const isOci = sourceType === 'helm' && helm?.repo?.startsWith('oci://') === true;
  return isOci ? helm.repo : undefined;
}
