import { toFailure } from '#shared/core/errors.ts';
import { refusalsToday } from '#shared/core/gate-refusal.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { RSyncs } from '#shared/configsync/rsyncs.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import { follow } from '#shared/reconcile/follow.ts';
import { inTurns } from '#shared/reconcile/in-turns.ts';
import { PLACES } from '#shared/reconcile/limits.ts';
import { type FindingDeps, createLook } from '#shared/reconcile/look.ts';
import {
  identityProblems,
  patchProblems,
  pinProblems,
  unpinnedSyncs,
  versionProblems,
} from './preflight-problems.ts';
import type { ClusterReport, RefusedSync } from './preflight-report.ts';

export interface PreflightClusterDeps extends Omit<FindingDeps, 'settings' | 'store'> {
  readonly fleet: Pick<Fleet, 'connect'>;
  readonly rsyncs: Pick<RSyncs, 'list'>;
  readonly unmatched: 'deny' | 'ignore';
  readonly otherSources: 'deny' | 'ignore';
  /** `gate.identity` of the config. */
  readonly identity: string;
  /** The fleet is GKE's. */
  readonly hub: boolean;
}

/** Everything that preflight can say of one cluster; of one that cannot be read it says why, and never throws. */
export async function preflightCluster(
  member: Member,
  deps: PreflightClusterDeps,
): Promise<ClusterReport> {
  const none = {
    cluster: member.name,
    problems: [],
    notes: [],
    unpinned: [],
    syncs: 0,
    refused: [],
  };
  try {
    const api = await deps.fleet.connect(member);
    const [description, rsyncs] = await Promise.all([api.describe(), deps.rsyncs.list(api)]);
    const found = versionProblems(description, rsyncs);
    const { refused, failures } = await refusedSyncs(rsyncs, member, deps);
    const identity = identityProblems(description.user, deps.identity);
    const patch = await patchProblems(api, rsyncs);
    const followed = rsyncs.flatMap((rsync) => follow(rsync, deps.rules, member.labels) ?? []);
    const pin = patch.length > 0 ? [] : await pinProblems(api, followed);
    const unchecked = [
      ...(description.user === undefined ? ['it does not say who we are'] : []),
      ...failures,
    ];
    return {
      ...none,
      ...description,
      ...(unchecked.length === 0 ? {} : { unchecked: unchecked.join('; ') }),
      problems: [...found.problems, ...identity, ...patch, ...pin],
      notes: found.notes,
      unpinned: unpinnedSyncs(followed, deps.hub),
      syncs: rsyncs.length,
      refused,
    };
  } catch (error) {
    return { ...none, unchecked: toFailure(error).message };
  }
}

/** Nothing here depends on how long something has been refused. */
const PATIENCE = { blockedAfterMs: Infinity, deletingAfterMs: Infinity, liveAfterMs: Infinity };

/** What the gate would refuse today, by the look of a sweep. */
async function refusedSyncs(
  rsyncs: readonly RSync[],
  { labels }: Member,
  deps: PreflightClusterDeps,
): Promise<{ refused: readonly RefusedSync[]; failures: readonly string[] }> {
  const { unmatched, otherSources } = deps;
  const settings = { ...PATIENCE, unmatched, otherSources };
  const purpose = { labels, reason: 'sweep', notBefore: deps.now(), fresh: true } as const;
  const look = createLook(purpose, { ...deps, settings });
  const refused: RefusedSync[] = [];
  const failures: string[] = [];
  async function lookAt(rsync: RSync): Promise<void> {
    const sync = formatSyncRef(rsync.ref);
    try {
      const { followed, decision } = await look.at(look.read(rsync));
      const found = refusalsToday(rsync, followed, decision);
      refused.push(...found.map((refusal) => ({ sync, rule: 'a' as const, ...refusal })));
    } catch (error) {
      failures.push(`${sync}: ${toFailure(error).message}`);
    }
  }
  const inScope = rsyncs.filter((rsync) => isJudged(rsync, deps));
  await inTurns(inScope, ({ ref }) => ref.namespace, lookAt, PLACES);
  return { refused, failures };
}

/** Whether the gate judges the RSync: all of them, or only what the config names or what cannot be read. */
function isJudged({ source }: RSync, deps: PreflightClusterDeps): boolean {
  const { rules, unmatched, otherSources } = deps;
  if (source.type === 'other') return otherSources === 'deny';
  if (source.type === 'invalid' || unmatched === 'deny') return true;
  return rules.match(source.reference.repository) !== undefined;
}
