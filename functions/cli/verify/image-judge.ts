import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { NamedVersion } from '#shared/reconcile/name-version.ts';
import type { Verifier } from '#shared/trust/verifier.ts';

/** What the config says, opened. */
export interface ImageJudge {
  /** The policy of the first `images` entry that names the repository. */
  policyOf(repository: string): TrustPolicy | undefined;
  resolve(reference: Reference): Promise<Resolution>;
  /** What an image stands for: of versions, the one that is followed. Absent: what it names. */
  readonly name?: (image: string) => Promise<NamedVersion>;
  readonly verifier: Verifier;
}
