import { FIELD_MANAGER } from '#shared/core/annotations.ts';
import type { ApprovalPatch } from '#shared/core/approve.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import { listRSyncs } from './list-rsyncs.ts';
import { type NomosRow, nomosRow } from './nomos-status.ts';
import { buildPatchBody } from './patch-body.ts';
import { readRSync } from './read-rsync.ts';

/** The RSyncs of a cluster, read and written. All but `nomos` throw what `ClusterApi` throws. */
export interface RSyncs {
  list(api: ClusterApi): Promise<readonly RSync[]>;
  /** Undefined when it is gone. */
  read(api: ClusterApi, ref: SyncRef): Promise<RSync | undefined>;
  /** Writes with the resourceVersion of `rsync`. Throws `cluster-conflict` when that is stale. */
  write(api: ClusterApi, rsync: RSync, patch: ApprovalPatch): Promise<void>;
  /** What `nomos status` shows of it. */
  nomos(rsync: RSync): NomosRow;
}

export interface RSyncsDeps {
  /** Told of each object that had to be left out of a list. */
  readonly onUnreadable: (cluster: string, problem: string) => void;
}

/** Config Sync's objects, over any cluster's API. */
export function createRSyncs({ onUnreadable }: RSyncsDeps): RSyncs {
  return {
    async list(api) {
      const { rsyncs, unreadable } = await listRSyncs(api);
      for (const problem of unreadable) onUnreadable(api.cluster, problem);
      return rsyncs;
    },
    async read(api, ref) {
      const object = await api.get(ref);
      return object === undefined ? undefined : readRSync(object);
    },
    async write(api, rsync, patch) {
      const body = buildPatchBody(rsync, patch);
      await api.patch(rsync.ref, body, { fieldManager: FIELD_MANAGER });
    },
    nomos: nomosRow,
  };
}
