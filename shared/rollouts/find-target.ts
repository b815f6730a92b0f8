import { parseReference } from '#shared/core/reference.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { type Brought, type Kind, broughtBy } from './brought.ts';
import { type FindVersionDeps, findVersion } from './find-version.ts';

export type FindTargetDeps = FindVersionDeps;

/**
 * What the tag of an image names at this moment, or the version that is followed, where that verifies under the policy of
 * its entry; undefined where it does not. `record` holds versions to what it knows. Throws what the registry throws.
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
    record,
  }: {
    readonly image: string;
    readonly rule: ImageRule;
    readonly kind: Kind | undefined;
    readonly by: string;
    readonly record?: RolloutRecord | undefined;
  },
  deps: FindTargetDeps,
): Promise<Brought | undefined> {
  const { resolver, verifier, policies } = deps;
  if (versionsOf(rule) !== undefined) {
    return findVersion({ image, rule, kind: kind ?? 'image', record }, by, deps);
  }
  const reference = parseReference(image);
  const resolution = await resolver.fresh(reference);
  const policy = policyOf(policies, rule.trust);
  const judged = { reference, resolution, policy };
  const { status } = await judgeResolution(judged, { fresh: false }, { verifier });
  if (status !== 'verified') return undefined;
  return broughtBy(by, { reference, resolution, kind }, (named) => resolver.fresh(named));
}
