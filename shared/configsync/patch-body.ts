import type { ApprovalPatch } from '#shared/core/approve.ts';
import type { RSync } from '#shared/core/rsync.ts';

export interface PatchBody extends Readonly<Record<string, unknown>> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly oci?: { readonly image: string };
    readonly helm?: { readonly version: string };
  };
}

/**
 * The JSON merge patch of DESIGN section 6, with the resourceVersion that was listed: whoever wrote in between makes
 * it a conflict. It touches nothing that `patch` does not name (law 10).
 */
export function buildPatchBody(
  rsync: Pick<RSync, 'resourceVersion'>,
  { annotations, image, version }: ApprovalPatch,
): PatchBody {
  const metadata = { resourceVersion: rsync.resourceVersion, annotations };
  if (image !== undefined) return { metadata, spec: { oci: { image } } };
  return version === undefined ? { metadata } : { metadata, spec: { helm: { version } } };
}
