import { defined } from '#shared/core/defined.ts';
import { toFailure } from '#shared/core/errors.ts';
import { parseReference } from '#shared/core/reference.ts';
import { type SyncRef, parseSyncRef } from '#shared/core/sync-ref.ts';
import { withDeadline } from '#shared/net/within.ts';
import type { Member } from '#shared/fleet/fleet.ts';
import { type Look, lookAtCluster } from '#shared/reconcile/look-at-cluster.ts';
import { explainVerdict } from '#shared/trust/explain.ts';
import { policyOf } from '#shared/reconcile/judge-rsync.ts';
import type { ApiDeps } from '../deps.ts';
import { LIVE_DEADLINE_MS, MAX_LIVE_CLUSTERS } from '../limits.ts';
import type { ResyncBody, ResyncPreview } from '../schema/resync.ts';
import { type Selection, selectClusters } from './select-clusters.ts';

type Change = ResyncPreview['syncs'][number];

/**
 * What a resync would change, and why, asked of at most `MAX_LIVE_CLUSTERS` clusters; nothing is written, tasked or
 * published. A cluster that does not answer is listed as such.
 */
export async function previewResync(body: ResyncBody, deps: ApiDeps): Promise<ResyncPreview> {
  const selection = await selectClusters(body, deps);
  const ahead = await digestAhead(body, selection, deps);
  const asked = selection.members.slice(0, MAX_LIVE_CLUSTERS);
  const sync = body.sync === undefined ? undefined : parseSyncRef(body.sync);
  const answers = await Promise.all(
    asked.map((member) => previewCluster(member, { sync, ahead, selection }, deps)),
  );
  return {
    clusters: selection.members.length,
    looked: asked.length,
    syncs: answers.flatMap(({ changes = [] }) => changes),
    unread: answers.flatMap(({ unread = [] }) => unread),
  };
}

/** What would be approved ahead of its tag: of an index the child, which is what Config Sync pulls. */
async function digestAhead(
  { digest }: ResyncBody,
  { image }: Selection,
  { resolver }: ApiDeps,
): Promise<string | undefined> {
  if (digest === undefined || image === undefined) return undefined;
  const named = parseReference(`${image.reference.repository}@${digest}`);
  const resolution = await resolver.fresh(named);
  return resolution.image.status === 'resolved' ? resolution.image.digest : digest;
}

async function previewCluster(
  member: Member,
  about: {
    readonly sync: SyncRef | undefined;
    readonly ahead: string | undefined;
    readonly selection: Selection;
  },
  deps: ApiDeps,
): Promise<{ changes?: Change[]; unread?: ResyncPreview['unread'] }> {
  const { sync, ahead, selection } = about;
  try {
    const looks = await withDeadline(LIVE_DEADLINE_MS, 'Looking at the cluster', () =>
      lookAtCluster(member, defined({ sync }), deps),
    );
    const concerned = looks.filter((look) => follows(look, selection));
    return { changes: concerned.map((look) => describeChange(member.name, look, ahead, deps)) };
  } catch (error) {
    const { code, message } = toFailure(error);
    return { unread: [{ cluster: member.name, code, message }] };
  }
}

/** Whether the RSync is on the image that was named, if one was. */
function follows({ rsync: { source } }: Look, { image }: Selection): boolean {
  if (image === undefined) return true;
  if (source.type !== 'oci' && source.type !== 'helm') return false;
  return source.reference.repository === image.reference.repository;
}

function describeChange(
  cluster: string,
  look: Look,
  ahead: string | undefined,
  deps: ApiDeps,
): Change {
  const { rsync, decision, row } = look;
  const before = rsync.annotations.approved.keys;
  const [from] = before;
  const shared = {
    cluster,
    sync: row.sync,
    ...defined({ from }),
    phase: row.record.phase,
  };
  if (decision === undefined || look.failure !== undefined) {
    return { ...shared, change: 'unknown', why: row.message };
  }
  const { patch, approved } = decision;
  const pin = patch?.image ?? patch?.version;
  const why = explainLook(look, deps);
  if (ahead !== undefined && rsync.source.type === 'oci' && !approved.includes(ahead)) {
    const allowed = 'Verified: it may be synced as soon as its tag moves to it';
    return { ...shared, change: 'approve-ahead', to: ahead, why: allowed };
  }
  const [to] = approved;
  return {
    ...shared,
    change: patch === undefined ? 'none' : approved.length < before.length ? 'withdraw' : 'approve',
    ...defined({ to, pin }),
    why,
  };
}

function explainLook({ followed, decision, row }: Look, { policies }: ApiDeps): string {
  if (followed === undefined || decision === undefined) return row.message;
  if (decision.patch === undefined && followed.verdict.status === 'verified') return row.message;
  return explainVerdict(followed.verdict, policyOf(policies, followed.rule.trust));
}
