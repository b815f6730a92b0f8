import { referenceOfKey } from '#shared/core/approval-key.ts';
import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { parseReference } from '#shared/core/reference.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';

/**
 * Whether the digest of a record meets the trust policy that a stage asks for. Throws what the registry throws.
 *
 * @example
 * const signed = await meetsPolicy(record, 'qa', { fresh: false }, deps);
 */
export async function meetsPolicy(
  { image, digest: key, indexes = {} }: RolloutRecord,
  name: string,
  options: { readonly fresh: boolean },
  { resolver, verifier, policies }: Pick<ImageDeps, 'resolver' | 'verifier' | 'policies'>,
): Promise<boolean> {
  const policy = policyOf(policies, name);
  if (isDigest(key)) {
    const { repository } = parseReference(image);
    const index = indexes[key];
    const subject = defined({
      repository,
      digest: key,
      index: index && isDigest(index) ? index : undefined,
    });
    return (await verifier.verify(subject, policy, options)).status === 'verified';
  }
  const reference = referenceOfKey(key);
  if (reference === undefined) return false;
  const resolution = await resolver.fresh(reference);
  const judged = { reference, resolution, policy };
  return (await judgeResolution(judged, options, { verifier })).status === 'verified';
}
