import type { Fleet } from '#shared/core/rollout/fleet.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import { type Snapshot, eachRecord, snapshotOf } from '#shared/reconcile/snapshot.ts';
import { createFindRule } from '#shared/rollouts/find-rule.ts';
import { type Fleets, createFleets } from '#shared/rollouts/fleets.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import { rememberFor, snapshotTtlMs } from '../remember.ts';

/** What is known of the clusters that may follow an image, and of those of all images that have a strategy. */
export interface ImageFleet {
  readonly fleet: Fleet;
  readonly fleets: Fleets;
}

/** Throws `store-unavailable`, `fleet-unavailable`. */
export type ReadClusters = (image: string, rule: ImageRule) => Promise<ImageFleet>;

type ReadDeps = Pick<ApiDeps, 'store' | 'fleet' | 'rules' | 'now'> & { readonly staging: Staging };

/**
 * Reads the snapshot as far as roll-outs need it, and keeps that for a moment: all who ask meanwhile share one reading.
 * No cluster is asked.
 *
 * @example
 * const { fleet } = await createClusterReader(deps)('us-docker.pkg.dev/acme/configs/platform:v1', rule);
 */
export function createClusterReader(deps: ReadDeps): ReadClusters {
  const remember = rememberFor<Fleets>(deps.now, ({ snapshot: { members } }) =>
    snapshotTtlMs(members.length),
  );
  return async (image, rule) => {
    const fleets = await remember('', async () => createFleets(await readStaged(deps), deps.rules));
    return { fleets, fleet: fleets.of({ image, rule, signedBy: [], elsewhere: 0 }) };
  };
}

async function readStaged({ store, fleet, rules, staging }: ReadDeps): Promise<Snapshot> {
  const listed = await fleet.list();
  const find = createFindRule(rules, staging);
  function isStaged({ image, staged }: SyncRow): boolean {
    return staged !== undefined || (image !== undefined && find(image).strategy !== undefined);
  }
  const records = new Map<string, ClusterRecord>();
  // The other rows are most of the snapshot, and it is kept for up to a minute.
  for await (const record of eachRecord(store)) {
    records.set(record.cluster, { ...record, syncs: record.syncs.filter(isStaged) });
  }
  return snapshotOf(listed, records);
}
