import { type Digest, hexOf } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';

/** What is verified: a manifest, and the index that it was proved to be a child of. */
export interface Subject {
  /** Normalised `host/path`. */
  readonly repository: string;
  readonly digest: Digest;
  readonly index?: Digest;
}

/** One digest whose signatures are looked for in one repository. */
export interface Place {
  readonly repository: string;
  readonly subject: Digest;
}

/**
 * Everywhere a signature that counts may be: on the image or on its index, in the image's repository or in the
 * policy's own. A signature counts only for the subject whose place it was found in.
 */
export function placesOf(subject: Subject, policy: TrustPolicy): readonly Place[] {
  const repositories = new Set([subject.repository]);
  if (policy.signatureRepository !== undefined) repositories.add(policy.signatureRepository);
  const digests = new Set([subject.digest]);
  if (subject.index !== undefined) digests.add(subject.index);
  return [...digests].flatMap((digest) =>
    [...repositories].map((repository) => ({ repository, subject: digest })),
  );
}

/** Tag of legacy signatures (cosign SIGNATURE_SPEC, "Storage"). */
export function signatureTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}.sig`;
}

/** Tag of legacy attestations (cosign ATTESTATION_SPEC). */
export function attestationTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}.att`;
}

/** OCI distribution 1.1, "Referrers Tag Schema". */
export function fallbackTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}`;
}
