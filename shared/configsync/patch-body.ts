import type { ApprovalPatch } from '#shared/core/approve.ts';
import type { RSync } from '#shared/core/rsync.ts';

export interface PatchBody extends Readonly<Record<string, unknown>> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly oci: { readonly image: string } };
}

/**
 * The JSON merge patch of DESIGN section 6, with the resourceVersion that was listed: whoever wrote in between makes
 * it a conflict. It touches nothing that `patch` does not name (law 10).
 */
export function buildPatchBody(
  rsync: Pick<RSync, 'resourceVersion'>,
  { annotations, image }: ApprovalPatch,
): PatchBody {
  const metadata = { resourceVersion: rsync.resourceVersion, annotations };
  return image === undefined ? { metadata } : { metadata, spec: { oci: { image } } };
}
