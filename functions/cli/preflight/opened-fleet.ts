import type { RSyncs } from '#shared/configsync/rsyncs.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { FindingDeps } from '#shared/reconcile/look.ts';
import type { PlanDeps } from './plan-images.ts';
import type { TriedCheck } from './try-checks.ts';

/** The fleet of a config, and what it takes to say what the gate would do there. */
export interface OpenedFleet extends Omit<FindingDeps, 'settings' | 'store'> {
  readonly fleet: Pick<Fleet, 'list' | 'connect'>;
  readonly rsyncs: Pick<RSyncs, 'list'>;
  readonly images: readonly ImageRule[];
  readonly unmatched: 'deny' | 'ignore';
  readonly otherSources: 'deny' | 'ignore';
  /** `gate.identity` of the config. */
  readonly identity: string;
  /** The fleet is GKE's. */
  readonly hub: boolean;
  /** Absent: no entry of the config has a roll-out. */
  readonly rollouts?: PlanDeps;
  /** Asks the checks of stages; absent: the config has none. */
  readonly tryChecks?: () => Promise<readonly TriedCheck[]>;
}
