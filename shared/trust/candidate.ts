import type { Digest } from '#shared/core/digest.ts';
import type { CandidateOutcome, CandidateReason } from '#shared/core/verdict.ts';

/** Why something that was found does not count. A value: only "could not check" is thrown. */
export interface Refusal {
  readonly refused: CandidateReason;
  /** For people; never compared. */
  readonly detail: string;
}

/**
 * A signature that is well formed and says that it is about `subject`. Nobody has looked at its cryptography yet: it
 * is data of whoever pushed it.
 */
export interface Evidence {
  /** Digest of the layer (legacy) or manifest (bundle) that carries it. */
  readonly source: Digest;
  readonly format: 'legacy' | 'bundle';
  /** The image or its index: the digest that the signed statement names. */
  readonly subject: Digest;
  /** Exactly the bytes that were signed: the payload, or the DSSE pre-authentication encoding. */
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
  /** What a log entry may name by its digest instead of `signedBytes`: the payload inside a DSSE envelope. */
  readonly payload: Buffer;
  readonly material: KeyMaterial;
  readonly proof: AttachedProof;
  /** The cosign `-a` claims, once for each statement subject with that digest: all must hold on one of them. */
  readonly claims: readonly Readonly<Record<string, unknown>>[];
}

/** How the signer says to be known; unauthenticated. A legacy signature by key says nothing. */
export type KeyMaterial =
  | { readonly type: 'unnamed' }
  | { readonly type: 'public-key'; readonly hint: string }
  | { readonly type: 'certificate' };

/**
 * What came along to prove who signed and when: unread and unauthenticated. Only authorities that ask for it read it,
 * so that junk in it denies nothing where the policy ignores it.
 */
export type AttachedProof =
  | { readonly form: 'annotations'; readonly annotations: Readonly<Record<string, string>> }
  | {
      readonly form: 'bundle';
      readonly mediaType: string;
      /** base64 of the leaf's DER; a bundle's own chain is never read. */
      readonly certificate: string | undefined;
      readonly logEntries: readonly unknown[];
      readonly timestamps: readonly unknown[];
    };

/** A candidate that was refused before any authority looked at it. */
export interface RefusedCandidate extends Refusal {
  readonly source: string;
  readonly format: CandidateOutcome['format'];
}

export type Candidate = Evidence | RefusedCandidate;

/** Builds a refusal. */
export function refuse(refused: CandidateReason, detail: string): Refusal {
  return { refused, detail };
}

/** Tells a refusal from what was asked for. */
export function isRefusal(result: object): result is Refusal {
  return 'refused' in result;
}
