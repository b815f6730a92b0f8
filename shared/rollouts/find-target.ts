import { parseReference } from '#shared/core/reference.ts';
import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { publishVerdict } from '#shared/reconcile/publish-verdict.ts';
import { type Brought, type Kind, broughtBy } from './brought.ts';
import { type FindVersionDeps, type FoundTarget, findVersion } from './find-version.ts';

export interface FindTargetDeps
  extends Omit<FindVersionDeps, 'store'>,
    Pick<ImageDeps, 'store' | 'publish' | 'now' | 'serial' | 'settled'> {}

interface Wanted {
  readonly image: string;
  readonly rule: ImageRule;
  readonly kind: Kind | undefined;
  readonly by: string;
  /** What the verdict is published for: the notification's message id, or the id of the sweep. */
  readonly cause: string;
  /** Holds versions to what it knows. */
  readonly record?: RolloutRecord | undefined;
}

/**
 * What the tag of an image names at this moment, or the version that is followed, where that verifies under the policy of
 * its entry; undefined where it does not. Its verdict is published by then, so that no roll-out begins before it: where
 * another function publishes something else of the image at this moment, nothing is found. Throws what the registry and
 * the store throw, and `publish-failed`.
 *
 * @example
 * const brought = await findTarget({ image, rule, kind, by: 'sweep', cause: id }, deps);
 */
export async function findTarget(
  wanted: Wanted,
  deps: FindTargetDeps,
): Promise<Brought | undefined> {
  const { rule, kind = 'image', record, by, cause } = wanted;
  const found =
    versionsOf(rule) === undefined
      ? await findTagged(wanted, deps)
      : await findVersion({ ...wanted, kind, record }, by, deps);
  if (found === undefined) return undefined;
  const published = await publishVerdict(found.judged, cause, deps);
  return published === 'busy' ? undefined : found.brought;
}

async function findTagged(
  { image, rule, kind, by }: Wanted,
  { resolver, verifier, policies }: FindTargetDeps,
): Promise<FoundTarget | undefined> {
  const reference = parseReference(image);
  const resolution = await resolver.fresh(reference);
  const policy = policyOf(policies, rule.trust);
  const judged = { reference, resolution, policy };
  const verdict = await judgeResolution(judged, { fresh: false }, { verifier });
  if (verdict.status !== 'verified') return undefined;
  const found = { reference, resolution, kind };
  const brought = await broughtBy(by, found, (named) => resolver.fresh(named));
  return brought && { brought, judged: { reference, resolution, verdict, policy: policy.hash } };
}
