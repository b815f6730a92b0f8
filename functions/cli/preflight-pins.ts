import { FIELD_MANAGER } from '#shared/core/annotations.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { isDigest } from '#shared/core/digest.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import { pinObstacle } from '#shared/core/pin.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Problem, UnpinnedSync } from './preflight-report.ts';

/** An RSync and the entry that it falls under in its cluster. */
export interface FollowedSync {
  readonly rsync: RSync;
  readonly rule: ImageRule;
}

const FLEET_MANAGED =
  "If the fleet's Config Management feature made it, its image is put back: set the image there, or give it an entry with effect: gate";

/**
 * The RSyncs on which a pin cannot hold. `hub`: the fleet is GKE's, whose Config Management feature may have made
 * `root-sync` and then owns its spec, which the object does not show.
 */
export function unpinnedSyncs(
  followed: readonly FollowedSync[],
  hub: boolean,
): readonly UnpinnedSync[] {
  return followed.flatMap(({ rsync, rule }): readonly UnpinnedSync[] => {
    const sync = formatSyncRef(rsync.ref);
    const obstacle = pinObstacle(rsync, rule);
    if (obstacle !== undefined) return [{ sync, ...obstacle }];
    return hub && rule.effect === 'pin' && sync === 'RootSync/root-sync'
      ? [{ sync, code: 'fleet-managed', message: FLEET_MANAGED }]
      : [];
  });
}

/**
 * Whether the cluster would take a pin today: a gate that was rendered while the entry had `effect: gate` lets
 * Countersign change no spec. Tried on one RSync, with the digest that is live there. Nothing is written: it is a dry
 * run. Throws what keeps it from being tried.
 */
export async function pinProblems(
  api: ClusterApi,
  followed: readonly FollowedSync[],
): Promise<readonly Problem[]> {
  for (const { rsync, rule } of followed) {
    const image = imageToTry(rsync, rule);
    if (image === undefined) continue;
    try {
      await api.patch(
        rsync.ref,
        { spec: { oci: { image } } },
        { fieldManager: FIELD_MANAGER, dryRun: true },
      );
      return [];
    } catch (error) {
      const code = error instanceof CountersignError ? error.code : undefined;
      if (code !== 'cluster-refused' && code !== 'cluster-forbidden') throw error;
      const message = `${toFailure(error).message}; render and apply the gate of this config`;
      return [{ code: 'pin-refused', message }];
    }
  }
  return [];
}

function imageToTry(rsync: RSync, rule: ImageRule): string | undefined {
  const { source, deleting } = rsync;
  const live = liveKey(rsync);
  if (deleting || rule.effect !== 'pin' || source.type !== 'oci') return undefined;
  if (source.reference.digest !== undefined || live === undefined || !isDigest(live)) {
    return undefined;
  }
  return pinObstacle(rsync, rule) === undefined ? `${source.image}@${live}` : undefined;
}
