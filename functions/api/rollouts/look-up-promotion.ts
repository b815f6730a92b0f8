import { meetsPolicy } from '#shared/rollouts/meets-policy.ts';
import { withDeadline } from '#shared/net/within.ts';
import { READ_DEADLINE_MS } from '../limits.ts';
import type { StagedDeps } from './deps.ts';
import type { FoundRollout } from './find-rollout.ts';
import type { Named } from './look-up-clusters.ts';
import { lookUpTarget } from './look-up-target.ts';

/**
 * What the digest of a roll-out is worth before it is let in without waiting: whether it verifies still, and which of the
 * policies that stages ask for it meets. Throws where that could not be found out.
 */
export async function lookUpPromotion(found: FoundRollout, deps: StagedDeps): Promise<Named> {
  const { record, strategy } = found;
  const named = await lookUpTarget(record.digest, found, deps);
  if (named.unverified !== undefined) return named;
  const asked = new Set(strategy?.stages.flatMap(({ signedBy }) => signedBy ?? []));
  const signedBy: string[] = [];
  await withDeadline(READ_DEADLINE_MS, 'Verifying what stages ask for', async () => {
    for (const policy of asked) {
      if (await meetsPolicy(record, policy, { fresh: true }, deps)) signedBy.push(policy);
    }
  });
  return { ...named, signedBy };
}
