import { parseReference } from '#shared/core/reference.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { type Brought, type Kind, broughtBy } from './brought.ts';

export type FindTargetDeps = Pick<ImageDeps, 'resolver' | 'verifier' | 'policies'>;

/**
 * What the tag of an image names at this moment, where that verifies under the policy of its entry; undefined where it
 * does not. Throws what the registry throws.
 *
 * @example
 * const brought = await findTarget({ image, rule, kind, by: 'sweep' }, deps);
 */
export async function findTarget(
  {
    image,
    rule,
    kind,
    by,
  }: {
    readonly image: string;
    readonly rule: ImageRule;
    readonly kind: Kind | undefined;
    readonly by: string;
  },
  { resolver, verifier, policies }: FindTargetDeps,
): Promise<Brought | undefined> {
  const reference = parseReference(image);
  const resolution = await resolver.fresh(reference);
  const policy = policyOf(policies, rule.trust);
  const judged = { reference, resolution, policy };
  const { status } = await judgeResolution(judged, { fresh: false }, { verifier });
  if (status !== 'verified') return undefined;
  return broughtBy(by, { reference, resolution, kind }, (named) => resolver.fresh(named));
}
