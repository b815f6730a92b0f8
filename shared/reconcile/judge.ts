import { parseApproved } from '#shared/core/approved-list.ts';
import type { Followed } from '#shared/core/decide.ts';
import { type Digest, isDigest } from '#shared/core/digest.ts';
import { CountersignError } from '#shared/core/errors.ts';
import { liveKey } from '#shared/core/observe.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import { parseReceipt } from '#shared/core/receipt.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import type { FollowedRSync } from './follow.ts';

export interface JudgeDeps {
  readonly verifier: Verifier;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
}

export interface JudgeOptions {
  readonly fresh: boolean;
}

/** Everything `decide` needs to know of one followed RSync whose target resolved to `resolution`. */
export async function judge(
  { rsync, rule, target }: FollowedRSync,
  resolution: Resolution | undefined,
  options: JudgeOptions,
  deps: JudgeDeps,
): Promise<Followed> {
  const policy = policyOf(deps.policies, rule.trust);
  const shared = { rule, policy: policy.hash };
  if (target.status === 'unusable') return { ...shared, verdict: target, others: new Map() };
  const { reference } = target;
  if (resolution === undefined) throw new CountersignError('internal', 'A target was not resolved');
  const verdict = await judgeResolution({ reference, resolution, policy }, options, deps);
  const others = new Map<string, Verdict>();
  for (const digest of otherDigests(rsync, policy.hash, resolution)) {
    others.set(
      digest,
      await deps.verifier.verify({ repository: reference.repository, digest }, policy, options),
    );
  }
  return { ...shared, resolved: { reference, resolution }, verdict, others };
}

/** The verdict of what a reference resolved to: the digest that would be synced, never the tag (law 2). */
export async function judgeResolution(
  { reference: { repository }, resolution: { image }, policy }: JudgedBy,
  options: JudgeOptions,
  { verifier }: Pick<JudgeDeps, 'verifier'>,
): Promise<Verdict> {
  if (image.status === 'unusable') return image;
  const { digest, index } = image;
  const subject = index === undefined ? { repository, digest } : { repository, digest, index };
  return verifier.verify(subject, policy, options);
}

export interface JudgedBy {
  readonly reference: Reference;
  readonly resolution: Resolution;
  readonly policy: TrustPolicy;
}

/** The policy of that name. The config room refuses rules whose policy is missing. */
export function policyOf(policies: ReadonlyMap<string, TrustPolicy>, name: string): TrustPolicy {
  const policy = policies.get(name);
  if (policy === undefined) throw new CountersignError('bad-config', `No trust policy "${name}"`);
  return policy;
}

/**
 * Digests beside the target that must be judged: the live one before it joins the approved list, and every approved
 * one when the policy has changed since. Helm's keys are versions, which cannot be looked up by digest.
 */
function otherDigests(
  rsync: FollowedRSync['rsync'],
  policyHash: string,
  { image }: Resolution,
): readonly Digest[] {
  const approved = parseApproved(rsync.annotations.approved);
  const live = liveKey(rsync);
  const unknown = live === undefined || approved.includes(live) ? [] : [live];
  const receipt = parseReceipt(rsync.annotations.receipt);
  const outdated = receipt !== undefined && receipt.policy !== policyHash ? approved : [];
  const target = image.status === 'resolved' ? image.digest : undefined;
  return [...new Set([...unknown, ...outdated])].filter(isDigest).filter((key) => key !== target);
}
