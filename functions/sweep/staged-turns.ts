import { soakLookMs } from '#shared/core/rollout/costs.ts';
import { isMoving } from '#shared/core/rollout/moving.ts';
import { stageOf } from '#shared/core/rollout/strategy.ts';
import type { Phase } from '#shared/core/phase.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { Standing } from '#shared/rollouts/admissions.ts';
import type { SyncRow } from '#shared/store/store.ts';

/** Phases in which an RSync waits for what is asked of the registry and the record once, and not of each cluster. */
const WAITING = new Set<Phase>(['Waiting', 'Pending', 'Rejected']);

/** A look begins a little after its sweep: without this, the sweep of its next minute would come too early. */
const EARLY_MS = 30_000;

/**
 * Whether an RSync that has a strategy is looked at by each sweep: where it may be approved and is not, and where
 * something there is under way or fails. `settled`: phases that are so without a strategy.
 */
export function isUnsettledInStages(
  { staged, record: { phase } }: SyncRow,
  { isDue, admission }: Standing,
  settled: ReadonlySet<Phase>,
): boolean {
  if (!isDue) return !settled.has(phase) && !WAITING.has(phase);
  // The last look missed its stage's signature: that has an event of its own, and the base sweep looks as well.
  return !(staged?.why === 'signature' && admission.allowed && staged.digest === admission.digest);
}

/** Whether a cluster was last seen long enough ago for a stage that soaks: what fails there must not be found late. */
export function isSoakLookDue(
  { record, strategy }: Standing,
  { labels }: Member,
  seenAt: number,
  now: Date,
): boolean {
  if (record?.status !== 'soaking') return false;
  const { stage } = stageOf(strategy, labels);
  if (stage.name !== record.stage) return false;
  return now.getTime() - seenAt >= soakLookMs(stage.soakMs) - EARLY_MS;
}

/** Whether an open failure may halt a roll-out, or no longer does: such clusters are looked at before all others. */
export function isWatchedFailure({ record: row }: SyncRow, { record }: Standing): boolean {
  return row.failure !== undefined && record !== undefined && isMoving(record);
}

/** Whether the roll-out that an RSync is under goes on, or back. */
export function isOnItsWay(standing: Standing | undefined): boolean {
  const { record } = standing ?? {};
  return record !== undefined && (isMoving(record) || record.status === 'rolling-back');
}
