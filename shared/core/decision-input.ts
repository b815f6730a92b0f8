import type { PhaseRecord } from './phase.ts';
import type { Receipt, ReceiptReason } from './receipt.ts';
import type { Reference } from './reference.ts';
import type { Resolution } from './resolution.ts';
import type { Wait } from './rollout/admits.ts';
import type { RSync } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import type { KeptBecause } from './track/choose.ts';
import type { Release, TrackedKind } from './track/track.ts';
import type { Unfollowed } from './unfollowed.ts';
import type { Verdict } from './verdict.ts';

/** One RSync, and everything that was read about it. */
export interface DecisionInput {
  readonly rsync: RSync;
  /** The rule it falls under in this cluster; undefined: it is not followed. */
  readonly followed: Followed | undefined;
  /** Why it is not followed, where it is not. */
  readonly unfollowed?: Unfollowed;
  readonly reason: ReceiptReason;
  readonly actor?: string;
  readonly settings: DecisionSettings;
  /** Since when its cluster has been in reach, ISO 8601; absent: as long as anything is known of it. */
  readonly reachableSince?: string;
  /** The cluster refused the whole patch: write Countersign's own annotations alone, and say so. */
  readonly bare?: boolean;
  /** What was last published of it. */
  readonly previous: PhaseRecord | undefined;
  readonly now: Date;
}

export interface DecisionSettings {
  /** How long Config Sync may go on being denied after an approval, in milliseconds. */
  readonly blockedAfterMs: number;
  /** How long an RSync may take to be deleted before that is reported, in milliseconds. */
  readonly deletingAfterMs: number;
  /** How long an approval may take to be live, in milliseconds, beside the time between two polls of Config Sync. */
  readonly liveAfterMs: number;
  /** Whether approvals may be withdrawn: false while the brake is on. */
  readonly withdraw: boolean;
}

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
  /** Of an image that is rolled out in stages: what is let in here. `resolved` is then that, where it is let in. */
  readonly admission?: StagedAdmission;
  /** Of one that goes everywhere at once: why nothing else than what is approved may be approved all the same. */
  readonly kept?: Kept;
  /** What the tag names, where that is another digest than the one that is let in. */
  readonly named?: NamedImage;
  /** Where versions are followed: which there are, and why this one. */
  readonly tracked?: Tracked;
}

/** What a look at the versions of a repository found. */
export interface Tracked {
  /** `host/path`. */
  readonly repository: string;
  readonly kind: TrackedKind;
  /** What is followed; absent: there is nothing yet. */
  readonly release?: Release;
  /** Why what was taken before is followed still, or why nothing is; absent: it is the best. */
  readonly why?: KeptBecause;
  /** The best that is listed, where that is lower than what was taken. */
  readonly lower?: Release;
  /** A lower version than the one that was taken is followed, as the config allows. */
  readonly down?: true;
  /** Higher ones that are not verified, and were skipped. */
  readonly skipped: readonly Release[];
  /** When the tags were listed, ISO 8601; absent: they were not. */
  readonly listedAt?: string;
}

/** What keeps an RSync that has no stage to wait for on what is approved. */
export interface Kept {
  readonly why: Extract<Wait, 'held' | 'freeze'>;
  /** What holds, for people, where it is frozen. */
  readonly freeze?: string;
}

/** What a target is in the registry, and what that is worth. */
export type NamedImage = Pick<Followed, 'policy' | 'resolved' | 'verdict' | 'ofDigest'>;

/** What the records of its repository have for one RSync. */
export interface StagedAdmission {
  /** Whose record it is under: `host/path:tag`. */
  readonly image: string;
  /** The approval key that it is admitted to, or waits for; absent: there is no record. */
  readonly digest?: string;
  /** By its labels. */
  readonly stage: string;
  /** What it waits for; absent: it is admitted, so that no rule of its own says which digest is newer. */
  readonly why?: Wait;
  /** The image whose record it waits for, where that is another one's. */
  readonly by?: string;
  /** What holds, for people, where it is frozen. */
  readonly freeze?: string;
  /** Approved keys that must not stay. */
  readonly stale: readonly string[];
  /** What a receipt says of the roll-out; absent: there is no record. */
  readonly rollout?: NonNullable<Receipt['rollout']>;
}

/** What an RSync waits for, staged or not; undefined: for nothing, or what it would wait for is approved already. */
export function waitOf(
  rsync: RSync,
  { admission, kept, resolved }: Pick<Followed, 'admission' | 'kept' | 'resolved'>,
): Wait | undefined {
  if (admission !== undefined) return admission.why;
  const { keys } = rsync.annotations.approved;
  // A freeze keeps what is new away: a tag that moves back to what is approved still is a way back.
  const had = kept?.why === 'freeze' ? keys : keys.slice(0, 1);
  return resolved?.key !== undefined && had.includes(resolved.key) ? undefined : kept?.why;
}

/** What a target resolved to. */
export interface ResolvedTarget {
  readonly reference: Reference;
  readonly resolution: Resolution;
  /** Its approval key, where it has one. */
  readonly key: string | undefined;
  /** Where versions are followed: the tag, and its version. */
  readonly release?: Release;
}

/** Whether the tag must be resolved afresh before `resolution` may replace another digest that was approved (law 4). */
export function needsFreshResolution(
  { annotations: { receipt } }: RSync,
  { fresh, image, resolvedAt }: Resolution,
): boolean {
  if (fresh || image.status !== 'resolved') return false;
  const { facts } = receipt;
  if (facts === undefined || facts.digest === image.digest) return false;
  return Date.parse(facts.resolvedAt) >= Date.parse(resolvedAt);
}

/** Whether the target stays approved although its signature has vanished under an unchanged policy. */
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
