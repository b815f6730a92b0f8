import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterRecord, Store } from '#shared/store/store.ts';

export interface RecordDeps {
  readonly store: Pick<Store, 'writeCluster'>;
  readonly now: () => Date;
}

/**
 * Replaces the record that a reconcile began from. Throws `cluster-conflict` when another one has replaced it
 * meanwhile: what that one told is unknown here, so that this one has to look again.
 */
export async function replaceRecord(
  next: ClusterRecord,
  over: ClusterRecord | undefined,
  { store }: Pick<RecordDeps, 'store'>,
): Promise<void> {
  if (await store.writeCluster(next, { over })) return;
  throw new CountersignError(
    'cluster-conflict',
    `Another reconcile of ${next.cluster} was recorded meanwhile`,
  );
}
