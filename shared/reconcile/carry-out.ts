import { HOLD } from '#shared/core/annotations.ts';
import type { RSyncPatch } from '#shared/core/approve.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type SeenHold, holdOfOrder } from '#shared/core/hold.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { ReconcileDeps } from './deps.ts';
import type { Holds } from './holds.ts';
import { type Plan, writePlan } from './write.ts';

/**
 * Writes what was ordered on the RSync, by itself: where the cluster refuses it, or orders cannot be read, what else is to
 * be written is not lost. Returns the RSync as it is then; undefined when it is gone.
 */
export async function carryOut(
  rsync: RSync,
  {
    holds,
    seen,
    api,
  }: {
    readonly holds: Holds;
    /** Its hold at the last look. */
    readonly seen: SeenHold | undefined;
    readonly api: ClusterApi;
  },
  { rsyncs, log }: Pick<ReconcileDeps, 'rsyncs' | 'log'>,
): Promise<RSync | undefined> {
  async function plan(at: RSync, afresh: boolean): Promise<Plan> {
    const order = await holds.due(at, afresh, seen).catch(() => undefined);
    const patch: RSyncPatch | undefined = order && {
      annotations: { [HOLD]: holdOfOrder(order)?.text ?? null },
    };
    return { rsync: at, decision: patch === undefined ? {} : { patch } };
  }
  const first = await plan(rsync, false);
  if (first.decision.patch === undefined) return rsync;
  try {
    const written = await writePlan(first, { api, again: (at) => plan(at, true) }, { rsyncs });
    if (written === undefined) return undefined;
  } catch (error) {
    const failure = toFailure(error);
    const fields = { cluster: api.cluster, sync: formatSyncRef(rsync.ref), code: failure.code };
    log.warn({ ...fields, error: failure }, 'Hold could not be written');
    if (failure.code !== 'cluster-refused') throw error;
    return rsync;
  }
  const now = await rsyncs.read(api, rsync.ref);
  return now?.uid === rsync.uid ? now : undefined;
}
