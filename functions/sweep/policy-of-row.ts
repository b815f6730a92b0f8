import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import type { SyncRow } from '#shared/store/store.ts';

/** What the config says of images. */
export interface ImagePolicies {
  readonly rules: Pick<ImageRules, 'match'>;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
}

/** The repository that a row follows; undefined where it follows none, or the store holds nonsense. */
export function repositoryOf({ image }: Pick<SyncRow, 'image'>): string | undefined {
  try {
    return image === undefined ? undefined : parseReference(image).repository;
  } catch {
    return undefined;
  }
}

/** The policy that the config now has for what a row follows. */
export function policyOfRow(
  row: SyncRow,
  { rules, policies }: ImagePolicies,
): TrustPolicy | undefined {
  const repository = repositoryOf(row);
  const rule = repository === undefined ? undefined : rules.match(repository);
  return rule === undefined ? undefined : policies.get(rule.trust);
}

/** Whether a row's approval was made under another policy than the one the config now has. */
export function isOutdated(row: SyncRow, images: ImagePolicies): boolean {
  const policy = row.approval === undefined ? undefined : policyOfRow(row, images);
  return policy !== undefined && policy.hash !== row.approval?.policy;
}
