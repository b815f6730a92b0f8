import { defined } from '#shared/core/defined.ts';
import { readHold } from '#shared/core/hold.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import { type KnownSync, type Snapshot, syncsOf } from '#shared/reconcile/snapshot.ts';
import type { HoldEvent } from '#shared/status/events.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

/**
 * Publishes each hold again that is a week old, and after each further week: it ends by no clock, and keeps fixes away as
 * well. `lastAt`: when the last sweep began; without it what is due is published once more, under the same id.
 */
export async function remindHolds(
  snapshot: Snapshot,
  lastAt: string | undefined,
  { publish, now }: Pick<ImageDeps, 'publish' | 'now'>,
): Promise<void> {
  const at = now().getTime();
  const before = lastAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(lastAt);
  for (const known of syncsOf(snapshot)) {
    const { held } = known.row;
    if (held === undefined) continue;
    const weeks = weeksSince(held.since, at);
    if (weeks >= 1 && weeks > weeksSince(held.since, before)) {
      await publish(describe(known, held, weeks));
    }
  }
}

function weeksSince(since: string, at: number): number {
  return Math.floor((at - Date.parse(since)) / WEEK_MS);
}

function describe(
  { record, row: { sync, uid, image } }: KnownSync,
  { text, since }: NonNullable<KnownSync['row']['held']>,
  weeks: number,
): HoldEvent {
  const { until, by, reason } = readHold(text).facts ?? {};
  return {
    type: 'rollout.held',
    severity: 'WARNING',
    uid,
    cause: `week ${weeks} since ${since}: ${text}`,
    data: defined({
      cluster: record.cluster,
      sync,
      image,
      actor: by,
      reason,
      until,
      overdue: true as const,
      since,
      errors: [],
      message: `Still held since ${since}: nothing new reaches it until the hold is lifted`,
    }),
  };
}
