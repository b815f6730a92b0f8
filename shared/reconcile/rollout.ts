import { type RolloutStatus, isFailurePhase } from '#shared/core/phase.ts';
import type { KnownSync } from './snapshot.ts';

/** Where the newest approved digest of one image stands, over all RSyncs that follow it. */
export interface Rollout {
  readonly image: string;
  readonly digest: string;
  readonly status: RolloutStatus;
  readonly live: readonly KnownSync[];
  readonly failed: readonly KnownSync[];
  readonly unreachable: readonly KnownSync[];
  readonly underWay: readonly KnownSync[];
  /** They do not have it, and are to go without it. */
  readonly held: readonly KnownSync[];
}

/** The roll-outs of a snapshot, one for each image that was approved anywhere. */
export function rolloutsOf(syncs: readonly KnownSync[]): readonly Rollout[] {
  const byImage = Map.groupBy(syncs, ({ row }) => row.image);
  return [...byImage].flatMap(([image, followers]) => {
    const digest = newestOf(followers);
    return image === undefined || digest === undefined ? [] : [rolloutOf(image, digest, followers)];
  });
}

/** The digest that was approved last, in the registry's own time: clusters that were not looked at since lag. */
function newestOf(followers: readonly KnownSync[]): string | undefined {
  const dated = followers.flatMap(({ row: { approval }, record }) =>
    approval ? [{ ...approval, at: `${approval.resolvedAt} ${record.lookedAt ?? ''}` }] : [],
  );
  return dated.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))[0]?.digest;
}

/** Where one digest stands, over the RSyncs that follow its image. */
export function rolloutOf(image: string, digest: string, followers: readonly KnownSync[]): Rollout {
  const {
    live = [],
    failed = [],
    unreachable = [],
    underWay = [],
    held = [],
  } = Object.groupBy(followers, (sync) => standingOf(sync, digest));
  const status =
    underWay.length > 0
      ? 'progressing'
      : failed.length + unreachable.length > 0
        ? 'degraded'
        : 'completed';
  return { image, digest, status, live, failed, unreachable, underWay, held };
}

function standingOf(
  { record, row }: KnownSync,
  digest: string,
): Exclude<keyof Rollout, 'image' | 'digest' | 'status'> {
  const { approval, approved, live, held } = row;
  const { phase } = row.record;
  const has = approval?.digest === digest;
  if (has && live !== undefined && live === approved[0] && !isFailurePhase(phase)) return 'live';
  if (held !== undefined && !has) return 'held';
  if (record.phase !== 'Reachable') return 'unreachable';
  if (has && isFailurePhase(phase)) return 'failed';
  // Verified, and not approved here: a rule holds it back, and will until a person acts.
  if (row.target === digest && phase === 'Rejected') return 'failed';
  return 'underWay';
}
