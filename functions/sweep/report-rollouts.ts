import { defined } from '#shared/core/defined.ts';
import { cutText } from '#shared/core/foreign-text.ts';
import type { RolloutStatus } from '#shared/core/phase.ts';
import type { ImageDeps } from '#shared/reconcile/deps.ts';
import type { RolloutEvent } from '#shared/status/events.ts';
import type { RolloutNote, SyncRow } from '#shared/store/store.ts';
import { type Rollout, rolloutsOf } from '#shared/reconcile/rollout.ts';
import { type KnownSync, type Snapshot, syncsOf } from '#shared/reconcile/snapshot.ts';

/** RSyncs that an event names; the counts say how many there are. */
const MAX_LAGGING = 50;
const MAX_MESSAGE = 200;

type RolloutDeps = Pick<ImageDeps, 'store' | 'publish' | 'now'>;

/** What may be published after what was; each once for one digest, and after `completed` nothing. */
const AFTER: Readonly<Record<RolloutStatus, ReadonlySet<RolloutStatus>>> = {
  progressing: new Set(['degraded', 'completed']),
  degraded: new Set(['completed']),
  completed: new Set(),
};

/**
 * Publishes how far each image is, over all clusters: when its roll-out begins, when the last cluster settles. What
 * images in stages have decided is published as it is recorded.
 */
export async function reportRollouts(
  snapshot: Snapshot,
  deps: RolloutDeps,
  isStaged: (row: SyncRow) => boolean = () => false,
): Promise<void> {
  const syncs = syncsOf(snapshot).filter(({ row }) => !isStaged(row));
  for (const rollout of rolloutsOf(syncs)) await reportOne(rollout, deps);
}

async function reportOne(rollout: Rollout, { store, publish, now }: RolloutDeps): Promise<void> {
  const { image, digest, status } = rollout;
  const last = await store.readNote('rollout', image);
  if (last?.digest === digest && !AFTER[last.status].has(status)) return;
  const since = now().toISOString();
  await publish(describe(rollout, last, since));
  await store.writeNote('rollout', image, { digest, status, since });
}

function describe(rollout: Rollout, last: RolloutNote | undefined, since: string): RolloutEvent {
  const facts = factsOf(rollout);
  const { live, syncs, failed, unreachable, underWay, held, lagging } = facts;
  const counts = [
    ...(lagging.length === 0
      ? []
      : [`${failed} failed, ${unreachable} unreachable, ${underWay} under way`]),
    ...(held === undefined ? [] : [`${held} held`]),
  ];
  return {
    type: `rollout.${rollout.status}`,
    replaced: last,
    data: defined({
      ...facts,
      previous: last,
      since,
      errors: [],
      message: [`Live on ${live} of ${syncs} RSyncs`, ...counts].join('; '),
    }),
  };
}

/** What each event of a roll-out without stages counts and names. */
export function factsOf({
  image,
  digest,
  live,
  failed,
  unreachable,
  underWay,
  held,
}: Rollout): Pick<
  RolloutEvent['data'],
  | 'image'
  | 'digest'
  | 'syncs'
  | 'clusters'
  | 'live'
  | 'failed'
  | 'unreachable'
  | 'underWay'
  | 'held'
  | 'lagging'
> {
  const lagging = [...failed, ...unreachable, ...underWay];
  const all = [...live, ...lagging, ...held];
  return defined({
    image,
    digest,
    syncs: all.length,
    clusters: new Set(all.map(({ record }) => record.cluster)).size,
    live: live.length,
    failed: failed.length,
    unreachable: unreachable.length,
    underWay: underWay.length,
    held: held.length === 0 ? undefined : held.length,
    lagging: lagging.slice(0, MAX_LAGGING).map(lagOf),
  });
}

function lagOf({ record, row }: KnownSync): RolloutEvent['data']['lagging'][number] {
  const of = record.phase === 'Reachable' ? { ...row.record, message: row.message } : record;
  const { phase, since, message = '' } = of;
  const { cluster } = record;
  return { cluster, sync: row.sync, phase, since, message: cutText(message, MAX_MESSAGE) };
}
