import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { type Reference, parseReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import { withDeadline } from '#shared/net/within.ts';
import { versionsOf } from '#shared/core/track/stream.ts';
import { type Brought, broughtBy } from '#shared/rollouts/brought.ts';
import { findVersion } from '#shared/rollouts/find-version.ts';
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
    if (isTracked(found)) return passVersion(named, found, deps);
    const reference = parseReference(found.record.image);
    const tagged = await keyOf(reference, await deps.resolver.fresh(reference), found, deps);
    const isOther = tagged?.digest !== named.target.key;
    return { ...named, ...defined({ passedOver: isOther ? tagged?.digest : undefined }) };
  });
}

async function lookUpTag(found: FoundRollout, deps: StagedDeps): Promise<Named> {
  const { record, rule } = found;
  if (rule === undefined) return NOTHING;
  if (isTracked(found)) {
    const best = await findBest(found, deps);
    const unverified = `No version of ${record.image} is listed that verifies`;
    if (best === undefined) return { ...NOTHING, unverified };
    const { digest: bestKey, index: bestIndex, resolvedAt: at, release } = best;
    const of = { key: bestKey, resolvedAt: at };
    return { ...NOTHING, target: { ...of, ...defined({ index: bestIndex, release }) } };
  }
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

function isTracked({ rule }: FoundRollout): boolean {
  return rule !== undefined && versionsOf(rule) !== undefined;
}

/** The best version that is listed and verifies, whatever the record knows. */
async function findBest(
  { record, rule }: FoundRollout,
  deps: StagedDeps,
): Promise<Brought | undefined> {
  if (rule === undefined) return undefined;
  const kind = isDigest(record.digest) ? 'image' : 'chart';
  const versions = { image: record.image, rule, kind, record: undefined } as const;
  return (await findVersion(versions, 'api', deps))?.brought;
}

/** What is listed beside what a person starts comes no more by itself. */
async function passVersion(named: Named, found: FoundRollout, deps: StagedDeps): Promise<Named> {
  const best = await findBest(found, deps);
  if (best === undefined || best.digest === named.target?.key) return named;
  const { digest: passedOver, release: passedRelease } = best;
  return { ...named, passedOver, ...defined({ passedRelease }) };
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
