import { cleanLine, cutText } from './foreign-text.ts';

/** Why one candidate signature does not count: a closed list, stable for scripts. */
export const CANDIDATE_REASONS = [
  'digest-mismatch',
  'bad-signature',
  'malformed',
  'wrong-format',
  'wrong-key',
  'weak-key',
  'unsupported-algorithm',
  'wrong-identity',
  'wrong-issuer',
  'untrusted-root',
  'certificate-expired',
  'wrong-key-usage',
  'missing-sct',
  'missing-log-entry',
  'log-mismatch',
  'missing-timestamp',
  'time-out-of-range',
  'no-matching-predicate',
  'missing-claim',
  'too-many',
  'too-large',
] as const;

export type CandidateReason = (typeof CANDIDATE_REASONS)[number];

/** Why an image cannot be synced at all, signed or not. */
export type UnusableReason =
  | 'tag-absent'
  | 'digest-absent'
  | 'no-linux-amd64-child'
  | 'not-an-image'
  | 'layer-not-tar'
  | 'unsafe-entry'
  | 'empty-source'
  | 'too-large'
  | 'version-not-static'
  | 'version-unknown'
  | 'version-mismatch'
  | 'no-version'
  | 'ambiguous-version'
  | 'bad-reference';

/** What became of one signature that was found, seen by one authority. */
export interface CandidateOutcome {
  /** Where it was found: the digest of the manifest or layer that carries it. */
  readonly source: string;
  readonly format: 'legacy' | 'bundle' | 'unknown';
  /** Of an attestation; absent: it is a signature, or not known to be either. */
  readonly predicateType?: string;
  /** Undefined when the candidate was refused before any authority looked at it. */
  readonly authority?: string;
  /** Absent when this authority accepted the candidate. */
  readonly reason?: CandidateReason;
  /** For people; never compared. */
  readonly detail?: string;
  /** The key hint or certificate identity that matched. */
  readonly identity?: string;
}

/** What a digest is under a policy. An answer, not a failure; see `CountersignError` for "could not check". */
export type Verdict = Finding & {
  /**
   * When reading the registry for it began, ISO 8601 with milliseconds; absent where its resolution says it all. An
   * older verdict never replaces or follows a newer one.
   */
  readonly readAt?: string;
};

type Finding =
  | {
      readonly status: 'verified';
      /** Names of the authorities that verified, in the order of the policy. */
      readonly authorities: readonly string[];
      readonly candidates: readonly CandidateOutcome[];
      /** The policy allows unsigned images: every approval under it is a WARNING. */
      readonly allowedUnsigned?: true;
    }
  /** With `candidates`, where what is there are attestations that the policy does not ask for. */
  | { readonly status: 'unsigned'; readonly candidates?: readonly CandidateOutcome[] }
  /** A trusted authority vouches for it, and more is asked for: each of `missing` says what, and who could give it. */
  | {
      readonly status: 'incomplete';
      readonly candidates: readonly CandidateOutcome[];
      readonly missing: readonly string[];
    }
  | { readonly status: 'untrusted'; readonly candidates: readonly CandidateOutcome[] }
  | { readonly status: 'unusable'; readonly reason: UnusableReason; readonly message: string };

export type VerdictStatus = Verdict['status'];

/** Characters of what is said of signers: a certificate's subject is a URL or an address. */
export const MAX_SIGNER = 512;

/**
 * Whose signatures verified, for people: the names of keys and certificates, in order of first appearance, as one line.
 * Undefined where none did.
 */
export function signerOf(verdict: Verdict): string | undefined {
  if (verdict.status !== 'verified') return undefined;
  const { authorities, candidates } = verdict;
  const names = candidates.flatMap(({ authority = '', reason, identity }) =>
    reason === undefined && authorities.includes(authority) ? (identity ?? []) : [],
  );
  const text = cutText(cleanLine([...new Set(names)].join(', ')), MAX_SIGNER);
  return text === '' ? undefined : text;
}

/** The distinct reason codes behind a verdict, in order of first appearance; empty for `verified`. */
export function reasonsOf(verdict: Verdict): readonly string[] {
  if (verdict.status === 'unusable') return [verdict.reason];
  if (verdict.status === 'verified') return [];
  return [...new Set((verdict.candidates ?? []).flatMap(({ reason }) => reason ?? []))];
}
