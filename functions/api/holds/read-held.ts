import { defined } from '#shared/core/defined.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef, parseSyncRef } from '#shared/core/sync-ref.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { withDeadline } from '#shared/net/within.ts';
import { clusterPhaseOf } from '#shared/reconcile/report-cluster.ts';
import { toFailure } from '#shared/core/errors.ts';
import type { ApiDeps } from '../deps.ts';
import { READ_DEADLINE_MS } from '../limits.ts';

/** One RSync, as far as its hold goes. */
export interface HeldSync {
  readonly sync: string;
  readonly uid: string;
  /** As it was last seen; absent: nothing, or that is not known. */
  readonly image?: string;
  /** Its hold, as it stands. */
  readonly text?: string;
}

export interface HeldCluster {
  readonly syncs: readonly HeldSync[];
  /** The cluster answered; else this is what the snapshot has. */
  readonly asked: boolean;
}

/**
 * The RSyncs that a cluster has now, or the one that is named, and their holds: two lists or one read. A cluster that does
 * not answer is held all the same, by what the snapshot knows of it.
 */
export async function readHeld(
  member: Member,
  sync: string | undefined,
  deps: Pick<ApiDeps, 'store' | 'fleet' | 'rsyncs'>,
): Promise<HeldCluster> {
  const record = await deps.store.readCluster(member.name);
  const rows = record?.syncs.filter((row) => sync === undefined || row.sync === sync) ?? [];
  const images = new Map(rows.map(({ uid, image }) => [uid, image]));

  async function ask(): Promise<readonly RSync[]> {
    const api = await deps.fleet.connect(member);
    if (sync === undefined) return deps.rsyncs.list(api);
    const found = await deps.rsyncs.read(api, parseSyncRef(sync));
    return found === undefined ? [] : [found];
  }

  try {
    const rsyncs = await withDeadline(READ_DEADLINE_MS, 'Looking at the cluster', ask);
    const syncs = rsyncs.map(({ ref, uid, annotations: { hold } }) =>
      defined({ sync: formatSyncRef(ref), uid, image: images.get(uid), text: hold?.text }),
    );
    return { syncs, asked: true };
  } catch (error) {
    const isAway =
      clusterPhaseOf(error) !== undefined || toFailure(error).code === 'deadline-exceeded';
    if (!isAway) throw error;
    const syncs = rows.map(({ sync: name, uid, image, held }) =>
      defined({ sync: name, uid, image, text: held?.unwritten ? undefined : held?.text }),
    );
    return { syncs, asked: false };
  }
}
