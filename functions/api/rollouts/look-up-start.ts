import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { type Reference, parseReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import { withDeadline } from '#shared/net/within.ts';
import { type Brought, broughtBy } from '#shared/rollouts/brought.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import { judgeImage } from '../verify-image.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';
import { type Named, NOTHING } from './look-up-clusters.ts';
import { lookUpTarget } from './look-up-target.ts';

/**
 * What a person starts: what the tag of the image names now, or a digest of its repository, either verified. Throws
 * `bad-request`, and where it could not be found out.
 */
export async function lookUpStart(
  digest: string | undefined,
  found: FoundRollout,
  deps: StagedDeps,
): Promise<Named> {
  return withDeadline(READ_DEADLINE_MS, 'Reading what the tag names', async () => {
    if (digest === undefined) return lookUpTag(found, deps);
    const named = await lookUpTarget(digest, found, deps);
    if (named.target === undefined) return named;
    const reference = parseReference(found.record.image);
    const tagged = await keyOf(reference, await deps.resolver.fresh(reference), found, deps);
    const isOther = tagged?.digest !== named.target.key;
    return { ...named, ...defined({ passedOver: isOther ? tagged?.digest : undefined }) };
  });
}

async function lookUpTag(found: FoundRollout, deps: StagedDeps): Promise<Named> {
  const { record, rule } = found;
  if (rule === undefined) return NOTHING;
  const reference = parseReference(record.image);
  const { resolution, verdict, message } = await judgeImage({ reference, rule }, deps);
  if (verdict.status !== 'verified') return { ...NOTHING, unverified: message };
  const brought = await keyOf(reference, resolution, found, deps);
  if (brought === undefined) {
    return { ...NOTHING, unverified: `${record.image} has no version that could be pulled` };
  }
  const { digest: key, index, resolvedAt } = brought;
  return { ...NOTHING, target: { key, resolvedAt, ...defined({ index }) } };
}

/** The approval key behind a tag, of the kind that the record has. */
function keyOf(
  reference: Reference,
  resolution: Resolution,
  { record }: FoundRollout,
  { resolver }: StagedDeps,
): Promise<Brought | undefined> {
  const kind = isDigest(record.digest) ? 'image' : 'chart';
  return broughtBy('api', { reference, resolution, kind }, (named) => resolver.fresh(named));
}
