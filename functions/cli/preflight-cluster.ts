import type { ImageRules } from '#shared/config/image-rules.ts';
import { APPROVED, FIELD_MANAGER } from '#shared/core/annotations.ts';
import { decide } from '#shared/core/decide.ts';
import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { refusalsToday } from '#shared/core/gate-refusal.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { RSyncs } from '#shared/configsync/rsyncs.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import { follow, whyUnfollowed } from '#shared/reconcile/follow.ts';
import { type JudgeDeps, judge } from '#shared/reconcile/judge.ts';
import { AT_ONCE, PER_NAMESPACE } from '#shared/reconcile/limits.ts';
import { inTurns } from '#shared/reconcile/in-turns.ts';
import { type Targets, createTargets } from '#shared/reconcile/resolve-targets.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import { pinProblems, unpinnedSyncs } from './preflight-pins.ts';
import type { ClusterReport, Problem, RefusedSync } from './preflight-report.ts';
import { versionProblems } from './version-problems.ts';

export interface PreflightClusterDeps extends JudgeDeps {
  readonly fleet: Pick<Fleet, 'connect'>;
  readonly rsyncs: Pick<RSyncs, 'list'>;
  readonly resolver: BurstResolver;
  readonly rules: ImageRules;
  readonly unmatched: 'deny' | 'ignore';
  readonly otherSources: 'deny' | 'ignore';
  /** `gate.identity` of the config. */
  readonly identity: string;
  /** The fleet is GKE's. */
  readonly hub: boolean;
  readonly now: () => Date;
}

/** Everything that preflight can say of one cluster; a cluster that cannot be read is told, never thrown. */
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

/** GKE's name of a Google service account whose token does not carry its e-mail. */
const UNIQUE_ID = /^[0-9]{15,25}$/;

function identityProblems(user: string | undefined, identity: string): readonly Problem[] {
  if (user === undefined || user === identity) return [];
  if (UNIQUE_ID.test(user)) {
    const message = `the API server knows us by the number ${user}, the unique id of a Google service account, and not by its e-mail: the access token lacks the scope userinfo.email, and no RBAC by e-mail applies; ask for the token with that scope, or bind the number`;
    return [{ code: 'identity', message }];
  }
  const message = `the API server knows us as ${user}, and the gate would take approvals from ${identity} alone: set gate.identity, or run this as that identity`;
  return [{ code: 'identity', message }];
}

/**
 * Whether our write of an approval would go through today, past RBAC and every admission that there is: a gate that
 * is installed already answers here too. Nothing is written: it is a dry run.
 */
async function patchProblems(
  api: ClusterApi,
  rsyncs: readonly RSync[],
): Promise<readonly Problem[]> {
  const rsync = rsyncs.find(({ deleting }) => !deleting);
  if (rsync === undefined) return [];
  // Another value than the one in place: only a change is judged.
  const value = `${rsync.annotations.approved.text ?? ''} preflight`.trim();
  const body = { metadata: { annotations: { [APPROVED]: value } } };
  try {
    await api.patch(rsync.ref, body, { fieldManager: FIELD_MANAGER, dryRun: true });
    return [];
  } catch (error) {
    const code = error instanceof CountersignError ? error.code : undefined;
    if (code !== 'cluster-refused' && code !== 'cluster-forbidden') throw error;
    return [{ code: 'patch-refused', message: toFailure(error).message }];
  }
}

async function refusedSyncs(
  rsyncs: readonly RSync[],
  { labels }: Member,
  deps: PreflightClusterDeps,
): Promise<{ refused: readonly RefusedSync[]; failures: readonly string[] }> {
  const inScope = rsyncs.filter((rsync) => isJudged(rsync, deps));
  const targets = createTargets(deps.resolver, deps.now());
  const refused: RefusedSync[] = [];
  const failures: string[] = [];
  async function look(rsync: RSync): Promise<void> {
    const sync = formatSyncRef(rsync.ref);
    try {
      const found = await refusalsOf(rsync, labels, targets, deps);
      refused.push(...found.map((refusal) => ({ sync, rule: 'a' as const, ...refusal })));
    } catch (error) {
      failures.push(`${sync}: ${toFailure(error).message}`);
    }
  }
  const places = { atOnce: AT_ONCE, perGroup: PER_NAMESPACE };
  await inTurns(inScope, ({ ref }) => ref.namespace, look, places);
  return { refused, failures };
}

async function refusalsOf(
  rsync: RSync,
  labels: Member['labels'],
  targets: Targets,
  deps: PreflightClusterDeps,
): Promise<ReturnType<typeof refusalsToday>> {
  const entry = follow(rsync, deps.rules, labels);
  const followed = entry && (await judge(entry, await targets.of(entry), { fresh: true }, deps));
  const decision = decide({
    rsync,
    followed,
    unfollowed: whyUnfollowed(rsync, deps.rules, deps),
    reason: 'sweep',
    // Nothing is withdrawn by looking; and nothing here depends on how long something has been refused.
    settings: {
      blockedAfterMs: Infinity,
      deletingAfterMs: Infinity,
      liveAfterMs: Infinity,
      withdraw: false,
    },
    previous: undefined,
    now: deps.now(),
  });
  return refusalsToday(rsync, followed, decision);
}

/** Whether the gate judges the RSync: all of them, or only what the config names or what cannot be read. */
function isJudged({ source }: RSync, deps: PreflightClusterDeps): boolean {
  const { rules, unmatched, otherSources } = deps;
  if (source.type === 'other') return otherSources === 'deny';
  if (source.type === 'invalid' || unmatched === 'deny') return true;
  return rules.match(source.reference.repository) !== undefined;
}
