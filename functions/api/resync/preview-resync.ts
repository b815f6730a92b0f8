import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { type Freezing, sayFreeze } from '#shared/core/rollout/freezes.ts';
import { parseSyncRef } from '#shared/core/sync-ref.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { withDeadline } from '#shared/net/within.ts';
import { policyOf } from '#shared/reconcile/judge-rsync.ts';
import { type Look, lookAtCluster } from '#shared/reconcile/look-at-cluster.ts';
import { readFreezing } from '#shared/reconcile/read-freezing.ts';
import { explainVerdict } from '#shared/trust/explain.ts';
import type { ApiDeps } from '../deps.ts';
import { LIVE_DEADLINE_MS, MAX_LIVE_CLUSTERS } from '../limits.ts';
import type { ResyncBody, ResyncPreview } from './operation.ts';
import { selectClusters } from './select-clusters.ts';

type Change = ResyncPreview['syncs'][number];

/** What a dry run looks for. */
interface Purpose extends Pick<ResyncBody, 'sync'> {
  readonly repository: string | undefined;
  /** What would be approved ahead of its tag: of an index the child, which is what Config Sync pulls. */
  readonly ahead: string | undefined;
  /** What people have frozen, where something would be approved ahead. */
  readonly freezing: Freezing | undefined;
}

/**
 * What a resync would change, and why, asked of at most `MAX_LIVE_CLUSTERS` clusters; nothing is written, tasked or
 * published. A cluster that does not answer is listed as such.
 */
export async function previewResync(body: ResyncBody, deps: ApiDeps): Promise<ResyncPreview> {
  const { digest, sync } = body;
  const { members, image, ahead } = await selectClusters(body, deps);
  const found = ahead && (await deps.resolver.fresh(ahead)).image;
  const purpose = {
    ...defined({ sync }),
    repository: image?.reference.repository,
    ahead: found?.status === 'resolved' ? found.digest : digest,
    freezing: ahead && deps.staging && (await readFreezing(deps.staging, deps)),
  };
  const asked = members.slice(0, MAX_LIVE_CLUSTERS);
  const answers = await Promise.all(asked.map((member) => previewCluster(member, purpose, deps)));
  return {
    clusters: members.length,
    looked: asked.length,
    syncs: answers.flatMap(({ changes = [] }) => changes),
    unread: answers.flatMap(({ unread = [] }) => unread),
  };
}

async function previewCluster(
  member: Member,
  purpose: Purpose,
  deps: ApiDeps,
): Promise<{ changes?: Change[]; unread?: ResyncPreview['unread'] }> {
  const { sync, repository } = purpose;
  const about = defined({ sync: sync === undefined ? undefined : parseSyncRef(sync) });
  try {
    const looks = await withDeadline(LIVE_DEADLINE_MS, 'Looking at the cluster', () =>
      lookAtCluster(member, about, deps),
    );
    const concerned = looks.filter((look) => follows(look, repository));
    return { changes: concerned.map((look) => describeChange(member, look, purpose, deps)) };
  } catch (error) {
    const { code, message } = toFailure(error);
    return { unread: [{ cluster: member.name, code, message }] };
  }
}

/** Whether the RSync is on the image that was named, if one was. */
function follows({ rsync: { source } }: Look, repository: string | undefined): boolean {
  if (repository === undefined) return true;
  const named = source.type === 'oci' || source.type === 'helm';
  return named && source.reference.repository === repository;
}

function describeChange(
  { name: cluster, labels }: Member,
  look: Look,
  { ahead, freezing }: Purpose,
  deps: ApiDeps,
): Change {
  const { rsync, decision, row } = look;
  const before = rsync.annotations.approved.keys;
  const shared = {
    cluster,
    sync: row.sync,
    ...defined({ from: before[0] }),
    phase: row.record.phase,
  };
  if (decision === undefined || look.failure !== undefined) {
    return { ...shared, change: 'unknown', why: row.message };
  }
  const { patch, approved } = decision;
  const { source } = rsync;
  const frozen = source.type === 'oci' && freezing?.find(source.reference, labels, deps.now());
  if (frozen && !approved.includes(ahead ?? '')) {
    return { ...shared, change: 'none', why: sayFreeze(frozen) };
  }
  if (
    ahead !== undefined &&
    rsync.source.type === 'oci' &&
    !approved.includes(ahead) &&
    isLetIn(look, ahead)
  ) {
    const why = 'Verified: it may be synced as soon as its tag moves to it';
    return { ...shared, change: 'approve-ahead', to: ahead, why };
  }
  return {
    ...shared,
    change: patch === undefined ? 'none' : approved.length < before.length ? 'withdraw' : 'approve',
    ...defined({ to: approved[0], pin: patch?.image ?? patch?.version }),
    why: explainLook(look, deps),
  };
}

/** Whether roll-outs in stages, where there are any, would approve the digest here. */
function isLetIn({ followed }: Look, digest: string): boolean {
  const admission = followed?.admission;
  return admission === undefined || (admission.why === undefined && admission.digest === digest);
}

function explainLook({ followed, decision, row }: Look, { policies }: ApiDeps): string {
  if (followed === undefined || decision === undefined) return row.message;
  const waits = followed.admission?.why !== undefined;
  if (decision.patch === undefined && (waits || followed.verdict.status === 'verified')) {
    return row.message;
  }
  return explainVerdict(followed.verdict, policyOf(policies, followed.rule.trust));
}
