import { needsFreshResolution } from '#shared/core/decide.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Target } from '#shared/core/target.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { FollowedRSync } from './follow.ts';

/** What each distinct reference resolved to, or the failure to find out, by its normal form. */
export type Resolutions = ReadonlyMap<string, Resolution | Error>;

/**
 * Resolves every distinct target once, after the list. Where an approval in place may be newer than a shared
 * resolution, the tag is resolved afresh (law 4). A registry that fails for one image does not keep another from
 * being approved: its failure is kept beside the results.
 */
export async function resolveTargets(
  followed: readonly FollowedRSync[],
  resolver: BurstResolver,
  notBefore: Date,
): Promise<Resolutions> {
  const wanted = new Map<string, { reference: Reference; rsyncs: FollowedRSync['rsync'][] }>();
  for (const { rsync, target } of followed) {
    if (target.status !== 'follow') continue;
    const name = formatReference(target.reference);
    const entry = wanted.get(name) ?? { reference: target.reference, rsyncs: [] };
    entry.rsyncs.push(rsync);
    wanted.set(name, entry);
  }
  const resolved = [...wanted].map(async ([name, { reference, rsyncs }]) => {
    try {
      const shared = await resolver.resolve(reference, notBefore);
      const stale = rsyncs.some((rsync) => needsFreshResolution(rsync, shared));
      return [name, stale ? await resolver.fresh(reference) : shared] as const;
    } catch (error) {
      return [name, toFailure(error)] as const;
    }
  });
  return new Map<string, Resolution | Error>(await Promise.all(resolved));
}

/** What `target` resolved to; undefined where there is nothing to resolve. Throws the failure to find out. */
export function resolutionOf(target: Target, resolutions: Resolutions): Resolution | undefined {
  if (target.status !== 'follow') return undefined;
  const found = resolutions.get(formatReference(target.reference));
  if (found instanceof Error) throw found;
  return found;
}
