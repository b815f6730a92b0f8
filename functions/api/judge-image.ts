import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { LookDeps } from '#shared/reconcile/look-at-cluster.ts';
import { judgeResolution, policyOf } from '#shared/reconcile/judge-rsync.ts';
import { explainVerdict } from '#shared/trust/explain.ts';

export interface JudgedImage {
  readonly policy: TrustPolicy;
  readonly resolution: Resolution;
  readonly verdict: Verdict;
  /** One sentence: what it is, and what to do. */
  readonly message: string;
}

/** Resolves a reference afresh and verifies what it is. Throws where that could not be found out. */
export async function judgeImage(
  reference: Reference,
  { trust }: Pick<ImageRule, 'trust'>,
  { resolver, verifier, policies }: Pick<LookDeps, 'resolver' | 'verifier' | 'policies'>,
): Promise<JudgedImage> {
  const policy = policyOf(policies, trust);
  const resolution = await resolver.fresh(reference);
  const verdict = await judgeResolution(
    { reference, resolution, policy },
    { fresh: true },
    { verifier },
  );
  return { policy, resolution, verdict, message: explainVerdict(verdict, policy) };
}
