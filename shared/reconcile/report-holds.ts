import { HOLD } from '#shared/core/annotations.ts';
import { defined } from '#shared/core/defined.ts';
import { readHold } from '#shared/core/hold.ts';
import type { HoldEvent } from '#shared/status/events.ts';
import type { ClusterRecord, SyncRow } from '#shared/store/store.ts';
import type { ImageDeps } from './deps.ts';
import type { SyncOutcome } from './sync-outcome.ts';

/**
 * Publishes each hold that was set, changed or lifted by hand since the last look, or is gone with its RSync: one that is
 * made anew under its name is held by nothing. What was ordered is published where it was decided. Without a record of
 * the last look it is not known what is new.
 */
export async function reportHolds(
  outcomes: readonly SyncOutcome[],
  record: ClusterRecord | undefined,
  { publish, now }: Pick<ImageDeps, 'publish' | 'now'>,
): Promise<void> {
  if (record?.reconciledAt === undefined) return;
  for (const { before, row } of outcomes) {
    const isNews = before !== undefined && row !== undefined && isByHand(before, row);
    if (isNews) await publish(describe(record, row, before, now()));
  }
  const rows = outcomes.flatMap(({ row }) => row ?? []);
  const present = new Set(rows.map(({ uid }) => uid));
  const named = new Set(rows.map(({ sync }) => sync));
  for (const before of record.syncs) {
    if (present.has(before.uid) || before.held === undefined) continue;
    // What was ordered is of the name until it is written: the next RSync has it.
    if (before.held.unwritten === true && named.has(before.sync)) continue;
    const { held: _, ...row } = before;
    await publish(describe(record, row, before, now(), 'Gone with its RSync'));
  }
}

function isByHand(before: SyncRow, row: SyncRow): boolean {
  if (row.unsettled !== undefined || row.order !== undefined) return false;
  if (row.held?.unwritten === true || before.held?.unwritten === true) return false;
  return row.held?.text !== before.held?.text;
}

/**
 * Since when it is as it was before: the same for a look that is repeated, because its record could not be written, or
 * another one was recorded meanwhile. A record of an earlier version does not know it where there was no hold.
 */
function episodeOf({ held, unheld }: SyncRow): string | undefined {
  return held === undefined ? unheld : `${held.since} under ${held.text}`;
}

function describe(
  { cluster, reconciledAt }: ClusterRecord,
  { sync, uid, image, held }: SyncRow,
  before: SyncRow,
  now: Date,
  ended = 'Lifted by hand',
): HoldEvent {
  const { facts } = readHold(held?.text ?? '');
  return {
    type: held === undefined ? 'rollout.unheld' : 'rollout.held',
    uid,
    cause: `by hand since ${episodeOf(before) ?? reconciledAt}`,
    data: defined({
      cluster,
      sync,
      image,
      reason: facts?.reason,
      until: facts?.until,
      since: held?.since ?? now.toISOString(),
      errors: [],
      message:
        held === undefined
          ? `${ended}: ${before.held?.text ?? ''}`
          : `${HOLD} was set by hand, and nothing checks whom it names: ${held.text}`,
    }),
  };
}
