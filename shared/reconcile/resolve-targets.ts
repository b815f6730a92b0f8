import { needsFreshResolution } from '#shared/core/followed.ts';
import { type Reference, formatReference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Target } from '#shared/core/target.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { FollowedRSync } from './follow.ts';
import { resolveChart } from './resolve-chart.ts';

type Followable = Target & { readonly status: 'follow' };

/** What the targets of one look at a cluster are in the registry. */
export interface Targets {
  /**
   * What the target of this RSync resolved to, each distinct one asked for once; undefined where there is nothing to
   * resolve. Where an approval in place may be newer than a shared resolution, the tag is resolved afresh (law 4).
   * Throws what the registry throws.
   */
  of(entry: Pick<FollowedRSync, 'rsync' | 'target'>): Promise<Resolution | undefined>;
}

/** To be made after the list: what is resolved is then not older than what was listed. */
export function createTargets(resolver: BurstResolver, notBefore: Date): Targets {
  const shared = new Map<string, Promise<Resolution>>();
  const fresh = new Map<string, Promise<Resolution>>();

  function once(
    asked: Map<string, Promise<Resolution>>,
    target: Followable,
    resolve: (reference: Reference) => Promise<Resolution>,
  ): Promise<Resolution> {
    const key = keyOfTarget(target) ?? '';
    const known = asked.get(key) ?? resolveTarget(target, resolve);
    asked.set(key, known);
    return known;
  }

  return {
    async of({ rsync, target }) {
      if (target.status !== 'follow') return undefined;
      const found = await once(shared, target, (reference) =>
        resolver.resolve(reference, notBefore),
      );
      return needsFreshResolution(rsync, found)
        ? once(fresh, target, (reference) => resolver.fresh(reference))
        : found;
    },
  };
}

/** What `target` is in the registry, asked through `resolve`. Throws what that throws. */
export async function resolveTarget(
  { reference, chart = false }: Followable,
  resolve: (reference: Reference) => Promise<Resolution>,
): Promise<Resolution> {
  return chart ? resolveChart(reference, resolve) : resolve(reference);
}

/** What tells targets apart; a chart's tag and an image's of the same name are two questions. */
export function keyOfTarget(target: Target): string | undefined {
  if (target.status !== 'follow') return undefined;
  const { reference, chart = false } = target;
  return `${chart ? 'chart ' : ''}${formatReference(reference)}`;
}
