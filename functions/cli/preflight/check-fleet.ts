import { bulkhead } from 'cockatiel';
import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { refusalsToday } from '#shared/core/gate-refusal.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import { sayFollowed } from '#shared/core/track/say.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { follow } from '#shared/reconcile/follow.ts';
import { inTurns } from '#shared/reconcile/in-turns.ts';
import { PLACES } from '#shared/reconcile/limits.ts';
import { createLook } from '#shared/reconcile/look.ts';
import {
  identityProblems,
  patchProblems,
  pinProblems,
  unpinnedSyncs,
  versionProblems,
} from './problems.ts';
import { idleEntries } from './idle-entries.ts';
import { type ClusterReport, exitCodeOf, type FleetReport, type RefusedSync } from './report.ts';
import type { OpenedFleet } from './opened-fleet.ts';
import { type FoundCluster, planImages } from './plan-images.ts';
import { limit } from '../limit.ts';
import { viewPreflight } from '../screens/preflight.ts';
import { count, createProgress, type ExitCode } from '../terminal.ts';
import type { VerbDeps } from '../verb.ts';

/** Clusters at once; the calls themselves are paced by the fleet's budget. */
const CLUSTERS_AT_ONCE = 16;

interface Asked {
  /** In milliseconds. */
  readonly timeout: number;
}

/** What the gate would refuse today, cluster by cluster; 0 where that is nothing. */
export async function checkFleet(
  { timeout }: Asked,
  { terminal, open }: Pick<VerbDeps, 'terminal'> & { readonly open: () => Promise<OpenedFleet> },
): Promise<ExitCode> {
  const progress = createProgress(terminal);
  let report: FleetReport;
  try {
    report = await limit(timeout, 'The fleet was not looked through', async () =>
      checkClusters(await open(), (text) => {
        if (terminal.live) progress.show(text);
      }),
    );
  } finally {
    progress.end();
  }
  terminal.show(viewPreflight(report));
  return exitCodeOf(report);
}

async function checkClusters(
  opened: OpenedFleet,
  say: (progress: string) => void,
): Promise<FleetReport> {
  const { members, unreachable } = await opened.fleet.list();
  const places = bulkhead(CLUSTERS_AT_ONCE, Infinity);
  let done = 0;
  const checked = await Promise.all(
    members.map((member) =>
      places.execute(async () => {
        const found = await checkCluster(member, opened);
        done += 1;
        say(`${done} of ${count(members.length, 'cluster')} looked at`);
        return found;
      }),
    ),
  );
  const checks = await opened.tryChecks?.();
  const clusters = checked.map((one) => one.report);
  // What could not be read may follow anything.
  const isWhole =
    unreachable.length === 0 && clusters.every(({ unchecked }) => unchecked === undefined);
  const followed = checked.flatMap((one) => one.followed ?? []);
  const sources = checked.flatMap((one) => one.repositories);
  const idle = isWhole ? idleEntries(opened.images, followed, sources) : undefined;
  const report = { clusters, unlisted: unreachable, ...defined({ checks, idle }) };
  const { rollouts } = opened;
  const partial = unreachable.length > 0;
  if (rollouts === undefined) return report;
  return { ...report, rollouts: await planImages(checked, { ...opened, ...rollouts, partial }) };
}

interface Checked extends FoundCluster {
  readonly report: ClusterReport;
  /** Of every source that names an image. */
  readonly repositories: readonly string[];
}

/** Everything that preflight can say of one cluster; of one that cannot be read it says why, and never throws. */
async function checkCluster(member: Member, deps: OpenedFleet): Promise<Checked> {
  const none = { problems: [], notes: [], unpinned: [], syncs: 0, refused: [] };
  try {
    const api = await deps.fleet.connect(member);
    const [description, rsyncs] = await Promise.all([api.describe(), deps.rsyncs.list(api)]);
    const { user } = description;
    const { problems, notes } = versionProblems(description, rsyncs);
    const { refused, failures, versions } = await refusedSyncs(rsyncs, member, deps);
    const patch = await patchProblems(api, rsyncs);
    const followed = rsyncs.flatMap((rsync) => follow(rsync, deps.rules, member.labels) ?? []);
    const pin = patch.length > 0 ? [] : await pinProblems(api, followed);
    const nameless = user === undefined ? ['it does not report the user name'] : [];
    const report = {
      cluster: member.name,
      ...description,
      ...defined({ unchecked: [...nameless, ...failures].join('; ') || undefined }),
      problems: [...problems, ...identityProblems(user, deps.identity), ...patch, ...pin],
      notes: [...notes, ...versions],
      unpinned: unpinnedSyncs(followed, deps.hub),
      syncs: rsyncs.length,
      refused,
    };
    const repositories = rsyncs.flatMap(({ source }) =>
      'reference' in source ? source.reference.repository : [],
    );
    return { member, followed, repositories, unpinned: report.unpinned, report };
  } catch (error) {
    const report = { cluster: member.name, ...none, unchecked: toFailure(error).message };
    return { member, repositories: [], unpinned: [], report };
  }
}

/** Nothing here depends on how long something has been refused. */
const PATIENCE = { blockedAfterMs: Infinity, deletingAfterMs: Infinity, liveAfterMs: Infinity };

/** What the gate would refuse today, by the look of a sweep. */
async function refusedSyncs(
  rsyncs: readonly RSync[],
  { name, labels }: Member,
  deps: OpenedFleet,
): Promise<{
  refused: readonly RefusedSync[];
  failures: readonly string[];
  versions: readonly string[];
}> {
  const { unmatched, otherSources } = deps;
  const settings = { ...PATIENCE, unmatched, otherSources };
  const where = { cluster: name, labels };
  const purpose = { ...where, reason: 'sweep', notBefore: deps.now(), fresh: true } as const;
  const look = createLook(purpose, { ...deps, settings });
  const refused: RefusedSync[] = [];
  const failures: string[] = [];
  const versions: string[] = [];
  async function lookAt(rsync: RSync): Promise<void> {
    const sync = formatSyncRef(rsync.ref);
    try {
      const { followed, decision } = await look.at(look.read(rsync));
      const { tracked } = followed ?? {};
      if (tracked !== undefined) versions.push(`${sync} ${sayFollowed(tracked)}`);
      const found = refusalsToday(rsync, followed, decision);
      refused.push(...found.map((refusal) => ({ sync, rule: 'a' as const, ...refusal })));
    } catch (error) {
      failures.push(`${sync}: ${toFailure(error).message}`);
    }
  }
  const inScope = rsyncs.filter((rsync) => isJudged(rsync, deps));
  await inTurns(inScope, ({ ref }) => ref.namespace, lookAt, PLACES);
  return { refused, failures, versions: versions.toSorted() };
}

/** Whether the gate judges the RSync: all of them, or only what the config names or what cannot be read. */
function isJudged({ source }: RSync, { rules, unmatched, otherSources }: OpenedFleet): boolean {
  if (source.type === 'other') return otherSources === 'deny';
  if (source.type === 'invalid' || unmatched === 'deny') return true;
  return rules.match(source.reference.repository) !== undefined;
}
