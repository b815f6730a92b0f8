import { approveAhead } from '#shared/core/approve.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { type Reference, formatReference, parseReference } from '#shared/core/reference.ts';
import type { Resolution, ResolvedImage } from '#shared/core/resolution.ts';
import type { RSync } from '#shared/core/rsync.ts';
import { formatSyncRef } from '#shared/core/sync-ref.ts';
import type { Task } from '#shared/core/task.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { ReconcileDeps } from './deps.ts';
import { type FollowedRSync, follow } from './follow.ts';
import { judgeResolution, policyOf, takenBy } from './judge.ts';

/** As in `decideAndWrite`: losing to Config Sync this often in a row is no accident. */
const MAX_ATTEMPTS = 5;

interface Ahead {
  readonly task: Task;
  readonly followed: FollowedRSync;
  readonly reference: Reference;
  readonly resolution: Resolution;
  readonly image: ResolvedImage;
  readonly verdict: Extract<Verdict, { status: 'verified' }>;
  readonly policy: string;
}

/**
 * Approves a digest on the RSyncs of one cluster that follow `image`, before their tag moves to it: only where it
 * verifies under the policy that they are under, as any other digest (law 7). Returns on how many. Throws what a
 * retry may mend: nothing else comes back to what a person asked for.
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
  for (const followed of concerned) {
    const policy = policyOf(deps.policies, followed.rule.trust);
    const verdict = await judgeResolution(
      { reference, resolution, policy },
      { fresh: true, taken: takenBy(followed.rsync) },
      { verifier: deps.verifier },
    );
    const { status } = verdict;
    if (status !== 'verified') {
      deps.log.warn({ cluster: member.name, status }, 'Digest to approve ahead does not verify');
      continue;
    }
    const ahead = { task, followed, reference, resolution, image, verdict, policy: policy.hash };
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

async function writeAhead(
  api: ClusterApi,
  ahead: Ahead,
  { rsyncs, now, publish }: ReconcileDeps,
): Promise<boolean> {
  let { rsync } = ahead.followed;
  for (let attempt = 1; ; attempt += 1) {
    const { digest } = ahead.image;
    const patch = approveAhead({ rsync, digest, receipt: receiptOf(ahead, now()) });
    if (patch === undefined) return false;
    try {
      await rsyncs.write(api, rsync, patch);
      await publish(describe(ahead, api.cluster, rsync, now()));
      return true;
    } catch (error) {
      const conflict = error instanceof CountersignError && error.code === 'cluster-conflict';
      if (!conflict || attempt === MAX_ATTEMPTS) throw error;
    }
    const again = await rsyncs.read(api, rsync.ref);
    if (again === undefined || again.uid !== rsync.uid) return false;
    rsync = again;
  }
}

function receiptOf(
  { task, reference, resolution, image, verdict, policy }: Ahead,
  now: Date,
): Parameters<typeof approveAhead>[0]['receipt'] {
  return {
    image: formatReference(reference),
    digest: image.digest,
    ...(image.index === undefined ? {} : { index: image.index }),
    verdict: verdict.status,
    authorities: verdict.authorities,
    policy,
    resolvedAt: resolution.resolvedAt,
    approvedAt: `${now.toISOString().slice(0, 19)}Z`,
    enforcement: 'digest',
    reason: 'resync',
    ...(task.actor === undefined ? {} : { actor: task.actor }),
  };
}

function describe(
  { task, image, reference, verdict }: Ahead,
  cluster: string,
  rsync: RSync,
  now: Date,
): Parameters<ReconcileDeps['publish']>[0] {
  return {
    type: 'sync.approved',
    uid: rsync.uid,
    replaced: undefined,
    data: {
      image: formatReference(reference),
      digest: image.digest,
      cluster,
      sync: formatSyncRef(rsync.ref),
      phase: 'Approved',
      reason: 'resync',
      ...(task.actor === undefined ? {} : { actor: task.actor }),
      verdict: verdict.status,
      authorities: [...verdict.authorities],
      since: now.toISOString(),
      errors: [],
      message: 'Approved ahead of its tag',
    },
  };
}
