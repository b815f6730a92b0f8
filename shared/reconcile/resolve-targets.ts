import { needsFreshResolution } from '#shared/core/decide.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Target } from '#shared/core/target.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { FollowedRSync } from './follow.ts';
import { resolveChart } from './resolve-chart.ts';

/** What each distinct target resolved to, or the failure to find out, by its key. */
export type Resolutions = ReadonlyMap<string, Resolution | Error>;

type Followable = Target & { readonly status: 'follow' };

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
  const wanted = new Map<string, { target: Followable; rsyncs: FollowedRSync['rsync'][] }>();
  for (const { rsync, target } of followed) {
    if (target.status !== 'follow') continue;
    const entry = wanted.get(keyOf(target)) ?? { target, rsyncs: [] };
    entry.rsyncs.push(rsync);
    wanted.set(keyOf(target), entry);
  }
  const share = (reference: Reference) => resolver.resolve(reference, notBefore);
  const ask = (reference: Reference) => resolver.fresh(reference);
  const resolved = [...wanted].map(async ([name, { target, rsyncs }]) => {
    try {
      const shared = await resolveTarget(target, share);
      const stale = rsyncs.some((rsync) => needsFreshResolution(rsync, shared));
      return [name, stale ? await resolveTarget(target, ask) : shared] as const;
    } catch (error) {
      return [name, toFailure(error)] as const;
    }
  });
  return new Map<string, Resolution | Error>(await Promise.all(resolved));
}

/** What `target` is in the registry, asked through `resolve`. Throws what that throws. */
export async function resolveTarget(
  { reference, chart = false }: Followable,
  resolve: (reference: Reference) => Promise<Resolution>,
): Promise<Resolution> {
  return chart ? resolveChart(reference, resolve) : resolve(reference);
}

/** What `target` resolved to; undefined where there is nothing to resolve. Throws the failure to find out. */
export function resolutionOf(target: Target, resolutions: Resolutions): Resolution | undefined {
  if (target.status !== 'follow') return undefined;
  const found = resolutions.get(keyOf(target));
  if (found instanceof Error) throw found;
  return found;
}

/** A chart's tag and an image's of the same name are two questions. */
function keyOf({ reference, chart = false }: Followable): string {
  return `${chart ? 'chart ' : ''}${formatReference(reference)}`;
}
