import { APPROVED, RECEIPT } from './annotations.ts';
import { approveKey, formatApproved, isAsWritten, parseApproved } from './approved-list.ts';
import type { Digest } from './digest.ts';
import { IMAGE_TO_SYNC, formatImageToSync, parseImageToSync } from './image-to-sync.ts';
import { type Pin, outcomeOf } from './pin.ts';
import { type ReceiptReason, formatReceipt, parseReceipt } from './receipt.ts';
import { type Reference, formatReference, parseReference } from './reference.ts';
import type { ResolvedImage } from './resolution.ts';
import type { RSync, Source } from './rsync.ts';
import type { Verdict } from './verdict.ts';
import { approvalKey } from './approval-key.ts';

/** What is written on an RSync, all at once (DESIGN section 6). */
export interface ApprovalPatch {
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.oci.image`, under `pin` only. */
  readonly image?: string;
  /** `spec.helm.version`, under `pin` only. */
  readonly version?: string;
}

export interface ApprovalInput {
  readonly rsync: RSync;
  readonly pin: Pin;
  readonly reference: Reference;
  readonly resolved: ResolvedImage;
  readonly resolvedAt: string;
  readonly verdict: Extract<Verdict, { status: 'verified' }>;
  /** Key of what is live, if that verifies too or was approved before. */
  readonly live: string | undefined;
  /** Keys in place that no longer verify under a changed policy, or that nobody accounts for. */
  readonly withdrawn: ReadonlySet<string>;
  readonly policy: string;
  readonly reason: ReceiptReason;
  readonly actor?: string;
  /** Only our own annotations: the cluster refused more. */
  readonly bare: boolean;
  readonly now: Date;
}

/** The key that the target's approval has: the digest, or chart and version. */
export function keyOfTarget(
  source: Source,
  { digest, version }: Pick<ResolvedImage, 'digest' | 'version'>,
): string | undefined {
  if (source.type === 'oci') return digest;
  return source.type === 'helm' ? approvalKey(source, version ?? source.version ?? '') : undefined;
}

/**
 * The patch that approves a verified digest; undefined when everything is in place already, so that a second run
 * changes nothing (law 1).
 */
export function approve(input: ApprovalInput): ApprovalPatch | undefined {
  const { rsync, pin, reference, resolved, policy, bare } = input;
  const key = keyOfTarget(rsync.source, resolved);
  if (key === undefined) return undefined;
  const before = parseApproved(rsync.annotations.approved);
  const receipt = parseReceipt(rsync.annotations.receipt);
  const inPlace =
    isAsWritten(rsync.annotations.approved) &&
    before[0] === key &&
    (input.live === undefined || before.includes(input.live)) &&
    !before.some((old) => input.withdrawn.has(old)) &&
    receipt?.digest === resolved.digest &&
    receipt.image === formatReference(reference) &&
    receipt.policy === policy;
  if (inPlace && pin.status !== 'write') return undefined;
  const sameRepository =
    receipt === undefined || repositoryOf(receipt.image) === reference.repository;
  const kept = sameRepository ? before.filter((old) => !input.withdrawn.has(old)) : [];
  const keys = approveKey(key, input.live, kept);
  const silent = rsync.source.type === 'oci' && (rsync.declared || bare);
  const announced =
    silent || before[0] === key ? undefined : announce(rsync, pin, resolved.digest, keys);
  const pinned = outcomeOf(pin);
  const also = keys.slice(1);
  return {
    annotations: {
      [APPROVED]: formatApproved(keys),
      [RECEIPT]: formatReceipt({
        image: formatReference(reference),
        digest: resolved.digest,
        ...(resolved.index === undefined ? {} : { index: resolved.index }),
        verdict: input.verdict.status,
        authorities: input.verdict.authorities,
        policy,
        resolvedAt: input.resolvedAt,
        approvedAt: toSeconds(input.now),
        enforcement: rsync.source.type === 'helm' ? 'version' : 'digest',
        reason: input.reason,
        ...(input.actor === undefined ? {} : { actor: input.actor }),
        ...(also.length === 0 ? {} : { also }),
        ...(receipt?.ahead !== undefined && also.includes(receipt.ahead.digest)
          ? { ahead: receipt.ahead }
          : {}),
        ...(silent ? { announced: false } : {}),
        ...(pinned === undefined ? {} : { pin: pinned }),
      }),
      ...(announced === undefined ? {} : { [IMAGE_TO_SYNC]: announced }),
    },
    ...specOf(pin),
  };
}

function specOf(pin: Pin): Pick<ApprovalPatch, 'image' | 'version'> {
  if (pin.status !== 'write') return {};
  return pin.field === 'spec.oci.image' ? { image: pin.value } : { version: pin.value };
}

/**
 * `image-to-sync` is announced only over a digest that stays approved, so that our own write never looks like a way
 * round the gate, and never on a declared object, where Config Sync's webhook would refuse the whole patch.
 */
function announce(
  rsync: RSync,
  pin: Pin,
  digest: Digest,
  keys: readonly string[],
): string | undefined {
  const { source, annotations } = rsync;
  if (source.type !== 'oci') return undefined;
  const image = pin.status === 'write' ? pin.value : source.image;
  const value = formatImageToSync(image, digest);
  if (annotations.imageToSync === undefined) return value;
  if (annotations.imageToSync === value) return undefined;
  const replaced = parseImageToSync(annotations.imageToSync);
  const replacedKey = replaced === undefined ? undefined : approvalKey(source, replaced.commit);
  return replacedKey !== undefined && keys.includes(replacedKey) ? value : undefined;
}

function repositoryOf(image: string): string | undefined {
  try {
    return parseReference(image).repository;
  } catch {
    // A receipt that names no image was not written by us.
    return undefined;
  }
}

function toSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
