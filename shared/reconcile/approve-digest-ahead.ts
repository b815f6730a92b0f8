import { type VerifiedDigest, approveAhead, receiptOf } from '#shared/core/approve.ts';
import { defined } from '#shared/core/defined.ts';
import type { Receipt } from '#shared/core/receipt.ts';
import { type Reference, formatReference, parseReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Task } from '#shared/core/task.ts';
import { signerOf } from '#shared/core/verdict.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { SyncEvent } from '#shared/status/events.ts';
import { createAdmissions } from './admission.ts';
import type { ReconcileDeps } from './deps.ts';
import { type FollowedRSync, follow } from './follow.ts';
import { createHolds } from './holds.ts';
import { judgeResolution, policyOf, takenBy } from './judge-rsync.ts';
import { type Plan, writePlan } from './write.ts';

/** A digest that verifies, on one RSync. */
interface Ahead extends VerifiedDigest {
  readonly task: Task;
  readonly rsync: RSync;
  readonly letIn: (rsync: RSync, afresh: boolean) => Promise<LetIn | undefined>;
}

type LetIn = Pick<Receipt, 'rollout'>;

/**
 * Approves a digest on the RSyncs of one cluster that follow `image`, before their tag moves to it: only where it
 * verifies under the policy that they are under, as any other digest. Returns on how many. Throws what a retry may
 * mend: nothing else comes back to what a person asked for.
 */
export async function approveDigestAhead(
  task: Task & { readonly image: string; readonly digest: string },
  deps: ReconcileDeps,
): Promise<number> {
  const wanted = parseReference(task.image);
  const reference = parseReference(`${wanted.repository}@${task.digest}`);
  const member = await deps.fleet.find(task.cluster);
  if (member === undefined) return 0;
  const { name: cluster, labels } = member;
  const notBefore = deps.now();
  const api = await deps.fleet.connect(member);
  const concerned = (await deps.rsyncs.list(api))
    .flatMap((rsync) => follow(rsync, deps.rules, labels) ?? [])
    .filter(({ rsync: { source } }) => source.type === 'oci')
    .filter(({ target }) => isOn(target, wanted, task.image));
  if (concerned.length === 0) return 0;
  const admit = createAdmissions({ cluster, labels, notBefore }, deps);
  const holds = createHolds(cluster, deps);
  const resolution = await deps.resolver.fresh(reference);
  const { image } = resolution;
  if (image.status === 'unusable') return 0;
  const key = image.digest;

  /** What a receipt says of its roll-out, if anything; undefined where it is not let in. */
  async function letIn(read: RSync, afresh: boolean): Promise<LetIn | undefined> {
    const rsync = await holds.of(read, afresh);
    const entry = follow(rsync, deps.rules, labels);
    const { target } = entry ?? {};
    if (entry === undefined || target?.status !== 'follow') return undefined;
    if (!isOn(target, wanted, task.image)) return undefined;
    const resolved = { reference: target.reference, resolution, key };
    const named = { resolved, verdict: { status: 'verified' as const } };
    const admitted = await admit(entry, named, { afresh, fresh: true });
    if (admitted === undefined) return rsync.annotations.hold === undefined ? {} : undefined;
    if ('kept' in admitted) return rsync.annotations.approved.keys.includes(key) ? {} : undefined;
    const { why, digest, rollout } = admitted.admission;
    return why === undefined && digest === key ? defined({ rollout }) : undefined;
  }

  let approved = 0;
  for (const { rsync, rule } of concerned) {
    const policy = policyOf(deps.policies, rule.trust);
    const options = { fresh: true, taken: takenBy(rsync) };
    const verdict = await judgeResolution({ reference, resolution, policy }, options, deps);
    const { status } = verdict;
    if (status !== 'verified') {
      deps.log.warn({ cluster: member.name, status }, 'Digest to approve ahead does not verify');
      continue;
    }
    const judged = { reference, resolution, image, verdict, policy: policy.hash };
    const ahead = { ...judged, task, rsync, letIn };
    if (await writeAhead(api, ahead, deps)) approved += 1;
  }
  return approved;
}

/** Whether the target is the image that was named; one without a tag names the repository. */
function isOn(target: FollowedRSync['target'], wanted: Reference, name: string): boolean {
  if (target.status !== 'follow') return false;
  const { repository, tag } = target.reference;
  if (repository !== wanted.repository) return false;
  return !name.endsWith(`:${wanted.tag}`) || tag === wanted.tag;
}

async function writeAhead(api: ClusterApi, ahead: Ahead, deps: ReconcileDeps): Promise<boolean> {
  async function plan(rsync: RSync, afresh: boolean): Promise<Plan> {
    const rollout = await ahead.letIn(rsync, afresh);
    if (rollout === undefined) return { rsync, decision: {} };
    const { actor } = ahead.task;
    const written = receiptOf(ahead, deps.now());
    const how = { enforcement: 'digest', reason: 'resync' } as const;
    const receipt = defined({ ...written, ...how, actor, ...rollout });
    return { rsync, decision: defined({ patch: approveAhead(rsync, receipt) }) };
  }
  const again = (rsync: RSync) => plan(rsync, true);
  const written = await writePlan(await plan(ahead.rsync, false), { api, again }, deps);
  if (written?.decision.patch === undefined) return false;
  await deps.publish(describe(ahead, api.cluster, deps.now()));
  return true;
}

function describe(
  { task, rsync, image, reference, verdict }: Ahead,
  cluster: string,
  now: Date,
): SyncEvent {
  return {
    type: 'sync.approved',
    uid: rsync.uid,
    replaced: undefined,
    data: defined({
      image: formatReference(reference),
      digest: image.digest,
      cluster,
      sync: formatSyncRef(rsync.ref),
      phase: 'Approved' as const,
      reason: 'resync' as const,
      actor: task.actor,
      verdict: verdict.status,
      authorities: [...verdict.authorities],
      signer: signerOf(verdict),
      revision: image.revision,
      source: image.source,
      since: now.toISOString(),
      errors: [],
      message: 'Approved ahead of its tag',
    }),
  };
}
