import { approvalKey } from './approval-key.ts';
import {
  APPROVED,
  IMAGE_TO_SYNC,
  RECEIPT,
  type RSyncAnnotations,
  approveKey,
  formatApproved,
  formatImageToSync,
  isAsWritten,
  parseImageToSync,
} from './annotations.ts';
import type { DecisionInput, ResolvedTarget } from './decision-input.ts';
import { defined } from './defined.ts';
import type { Digest } from './digest.ts';
import { type Pin, outcomeOf } from './pin.ts';
import { type Receipt, type ReceiptFacts, formatReceipt, toSeconds } from './receipt.ts';
import { formatReference, tryReference } from './reference.ts';
import type { ResolvedImage } from './resolution.ts';
import type { RSync } from './rsync.ts';
import { type Verdict, signerOf } from './verdict.ts';

/** What is written on an RSync, all at once. */
export interface ApprovalPatch {
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.oci.image`, under `pin` only. */
  readonly image?: string;
  /** `spec.helm.version`, under `pin` only. */
  readonly version?: string;
}

/** Whatever is written on an RSync, approvals or not. */
export interface RSyncPatch extends Omit<ApprovalPatch, 'annotations'> {
  /** `null`: taken away. */
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** A patch, and what stands on the RSync once it is written. */
export interface Change {
  readonly patch: ApprovalPatch;
  /** The approved keys, newest first. */
  readonly approved: readonly string[];
  /** Absent: the receipt stays as it is. */
  readonly receipt?: ReceiptFacts;
}

/** A target that verifies, and what its approval does to what stands on the RSync. */
export interface Approval extends VerifiedDigest {
  /** Its approval key. */
  readonly key: string | undefined;
  readonly pin: Pin;
  /** Key of what is live, if that verifies too or was approved before. */
  readonly live: string | undefined;
  /** Keys in place that no longer verify under a changed policy, are not accounted for, or were rolled back. */
  readonly withdrawn: ReadonlySet<string>;
}

/** The change that approves a verified digest; undefined when everything is in place already. */
export function approve(
  { rsync, followed, reason, actor, bare = false, previous, now }: DecisionInput,
  { key, pin, live, withdrawn, ...verified }: Approval,
): Change | undefined {
  const { approved, receipt } = rsync.annotations;
  const { reference, image, policy, release } = verified;
  if (key === undefined) return undefined;
  const before = approved.keys;
  const { facts } = receipt;
  const inPlace =
    isAsWritten(approved) &&
    before[0] === key &&
    (live === undefined || before.includes(live)) &&
    !before.some((old) => withdrawn.has(old)) &&
    facts?.digest === image.digest &&
    facts.image === formatReference(reference) &&
    facts.version === release?.version &&
    facts.policy === policy;
  const spec = specOf(pin);
  if (inPlace && spec === undefined) return undefined;
  const sameRepository =
    facts === undefined || tryReference(facts.image)?.repository === reference.repository;
  const kept = sameRepository ? before.filter((old) => !withdrawn.has(old)) : [];
  const keys = approveKey(key, live, kept);
  const silent = rsync.source.type === 'oci' && (rsync.declared || bare);
  const also = keys.slice(1);
  const { admission } = followed ?? {};
  const failed = admission && previous?.failure && 'failed';
  const written: Receipt = defined({
    ...receiptOf(verified, now),
    enforcement: rsync.source.type === 'helm' ? 'version' : 'digest',
    reason,
    actor,
    also: also.length === 0 ? undefined : also,
    ahead: facts?.ahead && also.includes(facts.ahead.digest) ? facts.ahead : undefined,
    announced: silent ? false : undefined,
    pin: outcomeOf(pin),
    rollout: admission?.rollout,
    was: before[0] === key ? facts?.was : failed,
  } as const);
  // Config Sync follows the tag, which names another digest: that is what it announces.
  const elsewhere =
    followed?.named !== undefined &&
    followed.rule.effect === 'gate' &&
    outcomeOf(pin) !== 'written';
  const announced =
    silent || elsewhere || before[0] === key ? undefined : announce(rsync, pin, image.digest, keys);
  return {
    patch: {
      annotations: defined({
        [APPROVED]: formatApproved(keys),
        [RECEIPT]: formatReceipt(written),
        [IMAGE_TO_SYNC]: announced,
      }),
      ...spec,
    },
    approved: keys,
    receipt: written,
  };
}

/** A digest that verifies: what a receipt says of it. */
export interface VerifiedDigest
  extends Pick<ResolvedTarget, 'reference' | 'resolution' | 'release'> {
  readonly image: ResolvedImage;
  readonly verdict: Extract<Verdict, { status: 'verified' }>;
  /** Hash of the trust policy. */
  readonly policy: string;
}

/** The part of a receipt that is about the digest. */
export function receiptOf(
  { reference, resolution, image, verdict, policy, release }: VerifiedDigest,
  now: Date,
): Omit<Receipt, 'enforcement' | 'reason'> {
  return defined({
    image: formatReference(reference),
    digest: image.digest,
    index: image.index,
    version: release?.version,
    verdict: verdict.status,
    authorities: verdict.authorities,
    signer: signerOf(verdict),
    policy,
    resolvedAt: resolution.resolvedAt,
    approvedAt: toSeconds(now),
    revision: image.revision,
    source: image.source,
  });
}

/** What is written into the spec; undefined: nothing. */
function specOf(pin: Pin): Pick<ApprovalPatch, 'image' | 'version'> | undefined {
  if (pin.status === 'none' || pin.status === 'held') return undefined;
  return pin.field === 'spec.oci.image' ? { image: pin.value } : { version: pin.value };
}

/**
 * `image-to-sync` is announced only over a digest that stays approved, so that Countersign's own write never looks like
 * a way round the gate, and never on a declared object, where Config Sync's webhook would refuse the whole patch.
 */
function announce(
  { source, annotations: { imageToSync } }: RSync,
  pin: Pin,
  digest: Digest,
  keys: readonly string[],
): string | undefined {
  if (source.type !== 'oci') return undefined;
  const image = pin.status === 'write' || pin.status === 'free' ? pin.value : source.image;
  const value = formatImageToSync(image, digest);
  if (imageToSync === undefined) return value;
  if (imageToSync === value) return undefined;
  const replaced = parseImageToSync(imageToSync);
  const replacedKey = replaced && approvalKey(source, replaced.commit);
  return replacedKey !== undefined && keys.includes(replacedKey) ? value : undefined;
}

/**
 * The patch that approves a digest before its tag moves to it: behind the newest approval, which stays what the RSync
 * is held to. Undefined where it is approved already, and for charts, whose version never comes to mean another digest.
 * `receipt`: what would be written, were it the first approval of this RSync.
 */
export function approveAhead(
  { source, annotations }: Pick<RSync, 'source' | 'annotations'>,
  receipt: Receipt,
): ApprovalPatch | undefined {
  const { digest } = receipt;
  const [current, ...others] = annotations.approved.keys;
  if (source.type !== 'oci' || current === digest || others.includes(digest)) return undefined;
  if (current === undefined) {
    return { annotations: { [APPROVED]: digest, [RECEIPT]: formatReceipt(receipt) } };
  }
  const also = [digest, ...others];
  const approved = { [APPROVED]: formatApproved([current, ...also]) };
  const standing = standingReceipt(annotations);
  // A receipt that Countersign did not write is left to the next reconcile, which writes it anew.
  if (standing === undefined) return { annotations: approved };
  const ahead = defined({ digest, actor: receipt.actor });
  return {
    annotations: { ...approved, [RECEIPT]: JSON.stringify({ ...standing, also, ahead }) },
  };
}

/** All of the receipt, what is not read of it too. */
function standingReceipt({ receipt: { text, facts } }: RSyncAnnotations): object | undefined {
  const standing: unknown =
    text === undefined || facts === undefined ? undefined : JSON.parse(text);
  return typeof standing === 'object' && standing !== null ? standing : undefined;
}

/**
 * The approved keys that may no longer be synced: only when the policy is another than the receipt's, and the digest
 * evaluates to something else than `verified` under it. A signature that vanished under an unchanged policy withdraws
 * nothing: registries clean up untagged manifests.
 */
export function keysToWithdraw(
  { annotations: { approved, receipt } }: RSync,
  policy: string,
  verdicts: ReadonlyMap<string, Verdict>,
): readonly string[] {
  if (receipt.facts === undefined || receipt.facts.policy === policy) return [];
  return approved.keys.filter((key) => isRefuted(verdicts.get(key)));
}

/** Whether a verdict is there, and is not `verified`. */
export function isRefuted(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict.status !== 'verified';
}

/**
 * The change that takes `withdrawn` out of the list, and whatever is not written as Countersign writes it, leaving the
 * empty string when nothing remains: a missing annotation would switch the gate off for this RSync.
 */
export function withdraw(
  { annotations: { approved } }: RSync,
  withdrawn: ReadonlySet<string>,
): Change | undefined {
  const kept = approved.keys.filter((key) => !withdrawn.has(key));
  if (kept.length === approved.keys.length && isAsWritten(approved)) return undefined;
  return { patch: { annotations: { [APPROVED]: formatApproved(kept) } }, approved: kept };
}

/** The change that takes every approval from an RSync that no rule follows; undefined where it has none. */
export function withdrawAll({ annotations }: RSync): Change | undefined {
  const { text = '' } = annotations.approved;
  return text === '' ? undefined : { patch: { annotations: { [APPROVED]: '' } }, approved: [] };
}
