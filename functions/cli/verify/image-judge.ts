import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { Verifier } from '#shared/trust/verifier.ts';

/** What the config says, opened. */
export interface ImageJudge {
  /** The policy of the first `images` entry that names the repository. */
  policyOf(repository: string): TrustPolicy | undefined;
  resolve(reference: Reference): Promise<Resolution>;
  readonly verifier: Verifier;
}
