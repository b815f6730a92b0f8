import type { Taken } from '#shared/core/content.ts';
import { keyOfTarget, referenceOfKey, unexplainedKeys } from '#shared/core/approval-key.ts';
import type { Followed, Tracked } from '#shared/core/decision-input.ts';
import { defined } from '#shared/core/defined.ts';
import { isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { liveKey } from '#shared/core/sync-status.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Release } from '#shared/core/track/track.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { ImageDeps } from './deps.ts';
import type { FollowedRSync } from './follow.ts';

type JudgeDeps = Pick<ImageDeps, 'verifier' | 'resolver' | 'policies'>;

/** How a digest is judged: what of it is used, where that is known. */
interface DigestOptions {
  readonly fresh: boolean;
  readonly taken?: Taken | undefined;
}

interface JudgeOptions {
  readonly fresh: boolean;
  /** The keys that were approved at the last look, if remembered. */
  readonly known?: readonly string[] | undefined;
  /** Where versions are followed. */
  readonly tracked?: Tracked;
  readonly release?: Release;
}

/** What `decide` needs of a followed RSync. */
export async function judgeRSync(
  { rsync, rule, target }: FollowedRSync,
  resolution: Resolution | undefined,
  options: JudgeOptions,
  deps: JudgeDeps,
): Promise<Followed> {
  const policy = policyOf(deps.policies, rule.trust);
  const { tracked, release } = options;
  const shared = { rule, policy: policy.hash, ...defined({ tracked }) };
  if (target.status === 'unusable') return { ...shared, verdict: target, others: new Map() };
  if (target.status === 'track') throw new CountersignError('internal', 'No version was chosen');
  const { reference } = target;
  if (resolution === undefined) throw new CountersignError('internal', 'A target was not resolved');
  const unexplained = unexplainedKeys(rsync.annotations, options.known);
  // Another instance may have approved such a key since its "unsigned" was remembered: only a new look may drop it.
  const fresh = options.fresh || unexplained.length > 0;
  const judged = { reference, resolution, policy };
  const taken = takenBy(rsync);
  const read = await judgeResolution(judged, { fresh, taken }, deps);
  const verdict = isOutdated(read, rsync, policy, resolution)
    ? await judgeResolution(judged, { fresh: true, taken }, deps)
    : read;
  // What is wrong may be wrong for this RSync alone, by its folder: the image's own verdict is published.
  const own = verdict.status === 'unusable';
  const ofDigest = own ? await judgeResolution(judged, { fresh: false }, deps) : verdict;
  const key = keyOfTarget(rsync.source, resolution.image);
  const others = new Map<string, Verdict>();
  for (const other of keysInPlay(rsync, unexplained, policy.hash)) {
    if (other === key) continue;
    others.set(other, await judgeKey(other, { rsync, reference, policy }, { fresh, taken }, deps));
  }
  const resolved = { reference, resolution, key, ...defined({ release }) };
  return { ...shared, resolved, verdict, ofDigest, others, unexplained };
}

/** What an RSync uses of the image that it follows. */
export function takenBy({ source }: FollowedRSync['rsync']): Taken | undefined {
  if (source.type === 'oci') return { type: 'oci', dir: source.dir };
  return source.type === 'helm' ? { type: 'helm' } : undefined;
}

/** Another instance has found it verified since, and approved it: what was read before says nothing of that. */
function isOutdated(
  { status, readAt }: Verdict,
  rsync: FollowedRSync['rsync'],
  policy: TrustPolicy,
  { image }: Resolution,
): boolean {
  const receipt = rsync.annotations.receipt.facts;
  if (status === 'verified' || readAt === undefined || receipt === undefined) return false;
  const same = image.status === 'resolved' && receipt.digest === image.digest;
  return same && receipt.policy === policy.hash && receipt.approvedAt >= readAt;
}

/** The verdict of what a reference resolved to: the digest that would be synced, never the tag (law 2). */
export async function judgeResolution(
  {
    reference: { repository },
    resolution: { image },
    policy,
  }: {
    readonly reference: Reference;
    readonly resolution: Resolution;
    readonly policy: TrustPolicy;
  },
  options: DigestOptions,
  { verifier }: Pick<JudgeDeps, 'verifier'>,
): Promise<Verdict> {
  if (image.status === 'unusable') return image;
  const { digest, index } = image;
  return verifier.verify(defined({ repository, digest, index }), policy, options);
}

/** The policy of that name. The config room refuses rules whose policy is missing. */
export function policyOf(policies: ReadonlyMap<string, TrustPolicy>, name: string): TrustPolicy {
  const policy = policies.get(name);
  if (policy === undefined) throw new CountersignError('bad-config', `No trust policy "${name}"`);
  return policy;
}

/**
 * Keys that must be judged as well as the target's: the live one before it joins the approved list, every approved one
 * when the policy has changed since, and those that are not accounted for.
 */
function keysInPlay(
  rsync: FollowedRSync['rsync'],
  unexplained: readonly string[],
  policyHash: string,
): ReadonlySet<string> {
  const approved = rsync.annotations.approved.keys;
  const live = liveKey(rsync);
  const unknown = live === undefined || approved.includes(live) ? [] : [live];
  const receipt = rsync.annotations.receipt.facts;
  const outdated = receipt !== undefined && receipt.policy !== policyHash ? approved : [];
  return new Set([...unknown, ...outdated, ...unexplained]);
}

/** The verdict of an approval key: a chart's is what its version's tag leads to now. */
async function judgeKey(
  key: string,
  {
    rsync,
    reference: { repository },
    policy,
  }: Pick<FollowedRSync, 'rsync'> & { readonly reference: Reference; readonly policy: TrustPolicy },
  options: DigestOptions,
  deps: JudgeDeps,
): Promise<Verdict> {
  if (isDigest(key)) {
    const receipt = rsync.annotations.receipt.facts;
    const index = receipt?.digest === key ? receipt.index : undefined;
    return deps.verifier.verify(defined({ repository, digest: key, index }), policy, options);
  }
  const named = referenceOfKey(key);
  if (rsync.source.type !== 'helm' || named?.repository !== repository) {
    return { status: 'unusable', reason: 'bad-reference', message: 'Not of this source' };
  }
  const resolution = await deps.resolver.fresh(named);
  return judgeResolution({ reference: named, resolution, policy }, options, deps);
}
