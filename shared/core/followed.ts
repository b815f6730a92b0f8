import type { Reference } from './reference.ts';
import type { Resolution } from './resolution.ts';
import type { RSync } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import type { Verdict } from './verdict.ts';

/** What is known of an RSync that the config names: what it follows, what that is, and what that is worth. */
export interface Followed {
  readonly rule: ImageRule;
  /** Hash of the trust policy. */
  readonly policy: string;
  /** What the target resolves to; undefined where there is no reference to resolve (then `verdict` is unusable). */
  readonly resolved?: ResolvedTarget;
  /** Verdict of the target, as far as this RSync uses it. */
  readonly verdict: Verdict;
  /** Verdict of the target's digest, whatever is used of it: what is published of the image. Absent: the same. */
  readonly ofDigest?: Verdict;
  /** Verdicts of the other digests in play, by approval key: live, approved under another policy, or unexplained. */
  readonly others: ReadonlyMap<string, Verdict>;
  /** Approved keys that are not accounted for. */
  readonly unexplained?: readonly string[];
}

/** What a target resolved to. */
export interface ResolvedTarget {
  readonly reference: Reference;
  readonly resolution: Resolution;
  /** Its approval key, where it has one. */
  readonly key: string | undefined;
}

/**
 * Whether the tag must be resolved afresh before `resolution` may replace what is approved: the approval in place is
 * not strictly older, in the registry's own time, and names another digest.
 */
export function needsFreshResolution(
  { annotations: { receipt } }: RSync,
  { fresh, image, resolvedAt }: Resolution,
): boolean {
  if (fresh || image.status !== 'resolved') return false;
  const { facts } = receipt;
  if (facts === undefined || facts.digest === image.digest) return false;
  return Date.parse(facts.resolvedAt) >= Date.parse(resolvedAt);
}

/**
 * Whether the target is approved although it does not verify any more: its signature has vanished under an unchanged
 * policy, which withdraws nothing.
 */
export function isStanding(
  { annotations: { receipt } }: RSync,
  followed: Followed | undefined,
  approved: readonly string[],
): boolean {
  const image = followed?.resolved?.resolution.image;
  if (followed === undefined || image?.status !== 'resolved') return false;
  return (
    followed.verdict.status !== 'verified' &&
    followed.verdict.status !== 'unusable' &&
    receipt.facts?.policy === followed.policy &&
    receipt.facts.digest === image.digest &&
    approved[0] === followed.resolved?.key
  );
}

/** The target's verdict and the others', by approval key. */
export function verdictsByKey({
  resolved,
  verdict,
  others,
}: Followed): ReadonlyMap<string, Verdict> {
  const key = resolved?.key;
  return key === undefined ? others : new Map([...others, [key, verdict]]);
}
