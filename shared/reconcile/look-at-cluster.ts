import { type Decision, decide } from '#shared/core/decide.ts';
import { type Followed } from '#shared/core/followed.ts';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ReconcileDeps } from './deps.ts';
import { follow, whyUnfollowed } from './follow.ts';
import { inTurns } from './in-turns.ts';
import { judge } from './judge.ts';
import { AT_ONCE, JUDGE_MS, PER_NAMESPACE } from './limits.ts';
import { createTargets } from './resolve-targets.ts';
import { rowOf } from './row.ts';
import { within } from './within.ts';

/** What it takes to look without touching: no store, nothing to publish with. */
export type LookDeps = Pick<
  ReconcileDeps,
  'fleet' | 'rsyncs' | 'resolver' | 'verifier' | 'rules' | 'policies' | 'settings' | 'now'
>;

export interface LookOptions {
  /** One RSync instead of all: one call instead of two lists. */
  readonly sync?: SyncRef;
  /** What the snapshot has of this cluster: says since when things are as they are. */
  readonly known?: readonly SyncRow[];
}

/** One RSync as it is now, and what a resync would make of it. */
export interface Look {
  readonly rsync: RSync;
  readonly followed: Followed | undefined;
  /** Absent where the registry could not be asked: then `failure` says why. */
  readonly decision?: Decision;
  readonly failure?: CountersignError;
  /** As the snapshot would have it, with the approvals that are in place, not those to come. */
  readonly row: SyncRow;
}

/**
 * Reads the RSyncs of one cluster, resolves and verifies what they follow, and decides as a resync would, writing and
 * publishing nothing. A registry that fails for one image is told beside that RSync alone. Throws what the cluster's
 * calls throw.
 */
export async function lookAtCluster(
  member: Member,
  { sync, known = [] }: LookOptions,
  deps: LookDeps,
): Promise<readonly Look[]> {
  const startedAt = deps.now();
  const api = await deps.fleet.connect(member);
  const rsyncs =
    sync === undefined
      ? await deps.rsyncs.list(api)
      : [await deps.rsyncs.read(api, sync)].filter((found) => found !== undefined);
  const entries = rsyncs.flatMap((rsync) => follow(rsync, deps.rules, member.labels) ?? []);
  const targets = createTargets(deps.resolver, startedAt);
  const byUid = new Map(entries.map((entry) => [entry.rsync.uid, entry]));
  const rows = new Map(known.map((row) => [row.uid, row]));
  async function look(rsync: RSync): Promise<Look> {
    const entry = byUid.get(rsync.uid);
    const row = rows.get(rsync.uid);
    try {
      const followed =
        entry &&
        (await within(JUDGE_MS, 'Looking at its image', async () =>
          judge(entry, await targets.of(entry), { fresh: true }, deps),
        ));
      return lookAt(rsync, followed, row, deps);
    } catch (error) {
      const failure = toFailure(error);
      const seen = lookAt(rsync, undefined, row, deps);
      const { message } = failure;
      const kept = row === undefined ? {} : { record: row.record };
      return { rsync, followed: undefined, failure, row: { ...seen.row, ...kept, message } };
    }
  }
  return inTurns(rsyncs, ({ ref }) => ref.namespace, look, {
    atOnce: AT_ONCE,
    perGroup: PER_NAMESPACE,
  });
}

function lookAt(
  rsync: RSync,
  followed: Followed | undefined,
  known: SyncRow | undefined,
  { rules, settings, rsyncs, now }: LookDeps,
): Look & { readonly decision: Decision } {
  const decision = decide({
    rsync,
    followed,
    ...(followed === undefined ? { unfollowed: whyUnfollowed(rsync, rules, settings) } : {}),
    reason: 'resync',
    settings: { ...settings, withdraw: false },
    previous: known?.record,
    now: now(),
  });
  const row = rowOf({ rsync, followed, decision }, rsyncs.nomos(rsync));
  return { rsync, followed, decision, row: asItIs(row, rsync, decision) };
}

/** What is to be approved is not approved yet: the row says so. */
function asItIs(row: SyncRow, rsync: RSync, { patch, observation }: Decision): SyncRow {
  const approved = rsync.annotations.approved.keys;
  const current = { ...row, approved };
  const { phase, digest } = observation;
  if (patch === undefined || digest === undefined || approved.includes(digest)) return current;
  const { record } = row;
  if (phase === 'Approved') {
    const message = 'Verified, and not approved yet: resync, or wait for the next sweep';
    return { ...current, record: { ...record, phase: 'Pending' }, message };
  }
  if (phase !== 'Synced') return current;
  const message = `${digest} is live and not approved yet: resync, or wait for the next sweep`;
  return { ...current, record: { ...record, phase: 'Unguarded' }, message };
}
