import type { RolloutRecord } from '#shared/core/rollout/record.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import { type Snapshot, syncsOf } from '#shared/reconcile/snapshot.ts';
import { imageOf } from './fleets.ts';

/**
 * Whether a way back waits for a person to move the tag: under `gate` without `rollback: pin`, while RSyncs in reach saw
 * it name what was rolled back.
 *
 * @example
 * if (isTagRejected(record, rule, snapshot)) return { ...fleet, tagRejected: true };
 */
export function isTagRejected(
  { image, kind, rejected }: RolloutRecord,
  rule: Pick<ImageRule, 'effect' | 'rollback'> | undefined,
  snapshot: Snapshot,
): boolean {
  if (kind !== 'rollback' || rule?.effect !== 'gate' || rule.rollback === 'pin') return false;
  return syncsOf(snapshot).some(
    ({ row, record: { phase } }) =>
      phase === 'Reachable' &&
      imageOf(row) === image &&
      row.staged?.target !== undefined &&
      rejected.includes(row.staged.target),
  );
}
