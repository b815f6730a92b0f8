import { isExactVersion } from './approval-key.ts';
import type { RSync } from './rsync.ts';
import type { ImageRule } from './rule.ts';

/** Why a pin cannot hold on an RSync, or moves nothing there. */
export interface PinObstacle {
  readonly code: 'declared-by-parent' | 'no-tag' | 'no-version';
  /** One sentence for people, with what to do. */
  readonly message: string;
}

/**
 * What stands against `effect: pin` on this RSync, as far as the object itself shows it; undefined: nothing, or the
 * rule does not pin. A field that a parent RSync declares is put back within seconds; an image that names no tag, and
 * a chart that names no version, follow nothing.
 */
export function pinObstacle(
  { source, declared, manager, inApplySet, mutationIgnored }: RSync,
  rule: Pick<ImageRule, 'effect' | 'track'>,
): PinObstacle | undefined {
  if (rule.effect !== 'pin') return undefined;
  const owned = declared || manager !== undefined || inApplySet === true;
  if (owned && mutationIgnored !== true) {
    const owner = manager ?? 'Another RSync';
    return {
      code: 'declared-by-parent',
      message: `${owner} declares it and puts a pin back: declare client.lifecycle.config.k8s.io/mutation: ignore there, or give its image an entry with effect: gate`,
    };
  }
  if (source.type === 'oci' && source.reference.tag === undefined && rule.track === undefined) {
    return {
      code: 'no-tag',
      message: `${source.image} names a digest and no tag, so that nothing moves it: write track in its entry, or the tag beside the digest`,
    };
  }
  if (source.type === 'helm' && !isExactVersion(source.version ?? '')) {
    const tracked = rule.track !== undefined && source.version !== undefined;
    if (tracked) return undefined;
    return {
      code: 'no-version',
      message: `Chart ${source.chart} names no exact version, and a pin replaces a version only: write one in spec.helm.version`,
    };
  }
  return undefined;
}
