import { toFailure } from '#shared/core/errors.ts';
import { tryReference } from '#shared/core/reference.ts';
import { type PersonFreeze, createFreezing } from '#shared/core/rollout/freezes.ts';
import type { Log } from '#shared/reconcile/deps.ts';
import { eachRecord } from '#shared/reconcile/snapshot.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ApiDeps } from '../deps.ts';
import type { FreezeAnswer } from './operation.ts';

/**
 * What a freeze is about today, by the snapshot. Undefined where that cannot be read: more depends on a freeze than the
 * count.
 */
export async function countTouched(
  freeze: PersonFreeze,
  { fleet, store, now }: Pick<ApiDeps, 'fleet' | 'store' | 'now'>,
  log: Log,
): Promise<FreezeAnswer['touched']> {
  // Also one whose time has just passed is about something.
  const { until: _, ...lasting } = freeze;
  const freezing = createFreezing([lasting]);
  try {
    const { members } = await fleet.list();
    const any = { repository: freeze.image ?? '' };
    const selected = new Map(
      members
        .filter(({ labels }) => freezing.of(any).some((one) => one.selects(labels)))
        .map((member) => [member.name, member]),
    );
    let syncs = 0;
    let waiting = 0;
    for await (const { cluster, syncs: rows } of eachRecord(store)) {
      const labels = selected.get(cluster)?.labels;
      if (labels === undefined) continue;
      const frozen = rows.filter((row) => {
        const reference = tryReference(row.image ?? '');
        return reference !== undefined && freezing.find(reference, labels, now()) !== undefined;
      });
      syncs += frozen.length;
      waiting += frozen.filter(isWaiting).length;
    }
    return { clusters: selected.size, syncs, waiting };
  } catch (error) {
    log.warn({ error: toFailure(error) }, 'What is frozen could not be counted');
    return undefined;
  }
}

function isWaiting({ frozen, staged }: SyncRow): boolean {
  return frozen === true || staged?.why === 'freeze';
}
