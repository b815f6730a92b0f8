import { type VerifiedDigest, approveAhead, receiptOf } from '#shared/core/approve.ts';
import { defined } from '#shared/core/defined.ts';
import { type Reference, formatReference, parseReference } from '#shared/core/reference.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Task } from '#shared/core/task.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { SyncEvent } from '#shared/status/events.ts';
import type { ReconcileDeps } from './deps.ts';
import { type FollowedRSync, follow } from './follow.ts';
import { judgeResolution, policyOf, takenBy } from './judge-rsync.ts';
import { type Plan, writePlan } from './write.ts';

/** A digest that verifies, on one RSync. */
interface Ahead extends VerifiedDigest {
  readonly task: Task;
  readonly rsync: RSync;
}

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
  const api = await deps.fleet.connect(member);
  const concerned = (await deps.rsyncs.list(api))
    .flatMap((rsync) => follow(rsync, deps.rules, member.labels) ?? [])
    .filter(({ rsync: { source } }) => source.type === 'oci')
    .filter(({ target }) => isOn(target, wanted, task.image));
  if (concerned.length === 0) return 0;
  const resolution = await deps.resolver.fresh(reference);
  const { image } = resolution;
  if (image.status === 'unusable') return 0;
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
    const ahead = { task, rsync, reference, resolution, image, verdict, policy: policy.hash };
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
  async function plan(rsync: RSync): Promise<Plan> {
    const { actor } = ahead.task;
    const written = receiptOf(ahead, deps.now());
    const how = { enforcement: 'digest', reason: 'resync' } as const;
    const receipt = defined({ ...written, ...how, actor });
    return { rsync, decision: defined({ patch: approveAhead(rsync, receipt) }) };
  }
  const written = await writePlan(await plan(ahead.rsync), { api, again: plan }, deps);
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
      since: now.toISOString(),
      errors: [],
      message: 'Approved ahead of its tag',
    }),
  };
}
