import { type Decision, decide } from '#shared/core/decide.ts';
import { type CountersignError, toFailure } from '#shared/core/errors.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import type { SyncRow } from '#shared/store/store.ts';
import type { ReconcileDeps } from './deps.ts';
import { whyUnfollowed } from './follow.ts';
import { inTurns } from './in-turns.ts';
import { PLACES } from './limits.ts';
import { type Finding, type FindingDeps, createLook } from './look.ts';
import { rowOf } from './sync-outcome.ts';

/** What it takes to look at a cluster without touching it: nothing to publish with, and no record to replace. */
export interface LookDeps extends FindingDeps, Pick<ReconcileDeps, 'fleet' | 'rsyncs'> {}

export interface LookOptions {
  /** One RSync instead of all: one call instead of two lists. */
  readonly sync?: SyncRef;
  /** What the snapshot has of this cluster: says since when things are as they are. */
  readonly known?: readonly SyncRow[];
}

/** One RSync as it is now, and what a resync would make of it. */
export interface Look extends Pick<Finding, 'rsync' | 'followed'> {
  /** Absent where the registry could not be asked: then `failure` says why. */
  readonly decision?: Decision;
  readonly failure?: CountersignError;
  /** As the snapshot would have it, with the approvals that are in place, not those to come. */
  readonly row: SyncRow;
}

/** The dry run of a resync: a registry that fails is reported beside its RSync, a cluster that fails is thrown. */
export async function lookAtCluster(
  member: Member,
  { sync, known = [] }: LookOptions,
  deps: LookDeps,
): Promise<readonly Look[]> {
  const { labels } = member;
  const notBefore = deps.now();
  const api = await deps.fleet.connect(member);
  const rsyncs =
    sync === undefined
      ? await deps.rsyncs.list(api)
      : [await deps.rsyncs.read(api, sync)].filter((found) => found !== undefined);
  const look = createLook(
    { cluster: member.name, labels, reason: 'resync', notBefore, fresh: true },
    deps,
  );
  const rows = new Map(known.map((row) => [row.uid, row]));
  async function lookAt(rsync: RSync): Promise<Look> {
    const row = rows.get(rsync.uid);
    try {
      const found = await look.at(look.read(rsync, row));
      return { ...found, row: asItIs(found, deps) };
    } catch (error) {
      const failure = toFailure(error);
      return { rsync, followed: undefined, failure, row: asKnown(rsync, row, failure, deps) };
    }
  }
  return inTurns(rsyncs, ({ ref }) => ref.namespace, lookAt, PLACES);
}

/** What is to be approved is not approved yet, and what is to be withdrawn stands: the row says so. */
function asItIs({ rsync, followed, decision, input }: Finding, deps: LookDeps): SyncRow {
  const settings = { ...input.settings, withdraw: false };
  const standing = input.settings.withdraw ? decide({ ...input, settings }) : decision;
  const approved = rsync.annotations.approved.keys;
  const nomos = deps.rsyncs.nomos(rsync);
  const row = { ...rowOf({ rsync, followed, decision: standing }, nomos, input.now), approved };
  const { phase, digest } = standing.observation;
  if (standing.patch === undefined || digest === undefined || approved.includes(digest)) return row;
  if (phase !== 'Approved' && phase !== 'Synced') return row;
  const [becomes, what] =
    phase === 'Approved'
      ? (['Pending', 'Verified, and'] as const)
      : (['Unguarded', `${digest} is live and`] as const);
  const message = `${what} not approved yet: resync, or wait for the next sweep`;
  return { ...row, record: { ...row.record, phase: becomes }, message };
}

/** The row of one whose image could not be looked at: what the cluster says of it, and what was known of the rest. */
function asKnown(
  rsync: RSync,
  known: SyncRow | undefined,
  { message }: CountersignError,
  { rules, settings, rsyncs, now }: LookDeps,
): SyncRow {
  const decision = decide({
    rsync,
    followed: undefined,
    unfollowed: whyUnfollowed(rsync, rules, settings),
    reason: 'resync',
    settings: { ...settings, withdraw: false },
    previous: known?.record,
    now: now(),
  });
  const row = rowOf({ rsync, followed: undefined, decision }, rsyncs.nomos(rsync), now());
  return { ...row, record: known?.record ?? row.record, message };
}
