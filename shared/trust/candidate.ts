import { cutText } from '#shared/core/foreign-text.ts';
import type { KeyObject } from 'node:crypto';
import type { CandidateOutcome, CandidateReason } from '#shared/core/verdict.ts';

/** Why something that was found does not count. A value: only "could not check" is thrown. */
export interface Refusal {
  readonly refused: CandidateReason;
  /** For people; never compared. */
  readonly detail: string;
}

/** A well-formed signature that says that it is about `subject`; its cryptography is unchecked. */
export interface Evidence {
  /** Digest of the layer (legacy) or manifest (bundle) that carries it. */
  readonly source: string;
  readonly format: 'legacy' | 'bundle';
  /** The image or its index: the digest that the signed statement names. */
  readonly subject: string;
  /** Exactly the bytes that were signed: the payload, or the DSSE pre-authentication encoding. */
  readonly signedBytes: Buffer;
  /** In place of `signedBytes`, where only their SHA-256 is known. */
  readonly signedDigest?: SignedDigest;
  readonly signature: Buffer;
  /** What a time stamp is over, where that is not the signature: the envelope of a legacy attestation. */
  readonly stampedBytes?: Buffer;
  /** What a log entry may name by its digest instead of `signedBytes`: the payload inside a DSSE envelope. */
  readonly payload: Buffer;
  readonly material: KeyMaterial;
  readonly proof: AttachedProof;
  /** The cosign `-a` claims, once for each statement subject with that digest: all must hold on one of them. */
  readonly claims: readonly Readonly<Record<string, unknown>>[];
  /** Absent: a signature. Never both: an attestation by the right key signs no image. */
  readonly attestation?: Attestation;
}

/** What an attestation says of an image, for the rules of a policy. */
export interface Attestation {
  readonly predicateType: string;
  /** JSON of the signer. */
  readonly predicate: unknown;
}

/** SHA-256 of what was signed, and how a signature over it is verified. */
export interface SignedDigest {
  readonly sha256: Buffer;
  readonly verify: (digest: Buffer, key: KeyObject, signature: Buffer) => boolean;
}

/** By what the signer claims to be known; unauthenticated. A legacy signature by key says nothing. */
export type KeyMaterial =
  | { readonly type: 'unnamed' }
  | { readonly type: 'public-key'; readonly hint: string }
  | { readonly type: 'certificate' };

/** What came along to prove who signed and when: read only for authorities that ask, for elsewhere junk denies nothing. */
export type AttachedProof =
  | { readonly form: 'annotations'; readonly annotations: Readonly<Record<string, string>> }
  | {
      readonly form: 'bundle';
      readonly mediaType: string;
      /** base64 of the leaf's DER. */
      readonly certificate: string | undefined;
      /** What follows the leaf in a bundle's own chain: no reason to trust it. */
      readonly chain?: readonly unknown[];
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

/** Whether a result is a refusal, and not what was asked for. */
export function isRefusal(result: object): result is Refusal {
  return 'refused' in result;
}

/** Characters of one text of a stranger in a message. */
const MAX_SHOWN = 200;

/** Text of a stranger, for people: quoted, and not longer than a line or two. */
export function shown(text: string | undefined): string {
  return text === undefined || text === '' ? 'absent' : JSON.stringify(cutText(text, MAX_SHOWN));
}

/** One authority of a policy, ready to look at evidence. */
export interface AuthorityCheck {
  readonly name: string;
  /** A look takes milliseconds: others get their turn after each. */
  readonly slow?: boolean;
  /** Never throws for what was pushed. */
  readonly check: (evidence: Evidence) => Acceptance | Refusal;
}

/** Who signed, as this authority knows it. */
export interface Acceptance {
  /** For people: a key's hint or a certificate's identity. */
  readonly identity: string;
  /** All that the signer is known by, whatever the rule that it fits: `require` counts signers. Absent: `identity`. */
  readonly signer?: readonly string[];
}
