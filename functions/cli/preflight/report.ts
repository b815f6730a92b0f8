import type { GateRefusal } from '#shared/core/gate-refusal.ts';
import type { PinObstacle } from '#shared/core/pin.ts';
import type { ClusterDescription } from '#shared/fleet/cluster-api.ts';
import { type IdleEntry, isMissed } from './idle-entries.ts';
import type { TriedCheck } from './try-checks.ts';
import type { PlannedImages } from './plan-images.ts';

/** What preflight found in one cluster. */
export interface ClusterReport extends ClusterDescription {
  readonly cluster: string;
  /** Why it could not be checked, where it could not. */
  readonly unchecked?: string;
  /** What stands against the gate in this cluster, whatever its RSyncs. */
  readonly problems: readonly Problem[];
  /** What cannot be said. */
  readonly notes: readonly string[];
  /** RSyncs on which a pin cannot hold; approvals work there all the same. */
  readonly unpinned: readonly UnpinnedSync[];
  readonly syncs: number;
  readonly refused: readonly RefusedSync[];
}

export interface Problem {
  readonly code:
    | 'identity'
    | 'kubernetes-too-old'
    | 'config-sync-too-old'
    | 'patch-refused'
    | 'pin-refused';
  readonly message: string;
}

/** An RSync on which `effect: pin` cannot hold, or moves nothing. */
export interface UnpinnedSync {
  readonly sync: string;
  readonly code: PinObstacle['code'] | 'fleet-managed';
  readonly message: string;
}

export interface RefusedSync extends GateRefusal {
  readonly sync: string;
  /** Of the gate’s rules: those about images (infra/kubernetes/gate). */
  readonly rule: 'a';
}

export interface FleetReport {
  readonly clusters: readonly ClusterReport[];
  /** Places of the fleet that could not be listed. */
  readonly unlisted: readonly string[];
  /** What the next digests of images with a strategy would do; absent: the config has none. */
  readonly rollouts?: PlannedImages;
  /** Entries of `images` that nothing follows; absent: not everything could be read. */
  readonly idle?: readonly IdleEntry[];
  /** What the checks of stages answer today; absent: the config has none. */
  readonly checks?: readonly TriedCheck[];
}

/** 0: the gate would refuse nothing, 1: something, or it would not hold, or an entry is missed, 2: not all was checked. */
export function exitCodeOf({ clusters, unlisted, checks = [], idle = [] }: FleetReport): 0 | 1 | 2 {
  const found = clusters.some(({ problems, refused }) => problems.length > 0 || refused.length > 0);
  if (found || isMissed(idle)) return 1;
  const unchecked = clusters.some((report) => report.unchecked !== undefined);
  const unasked = checks.some(({ isAsked }) => !isAsked);
  return unchecked || unasked || unlisted.length > 0 ? 2 : 0;
}
