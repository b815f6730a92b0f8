import { APPROVED, RECEIPT } from './annotations.ts';
import { approveKey, formatApproved, parseApproved } from './approved-list.ts';
import type { Digest } from './digest.ts';
import { IMAGE_TO_SYNC, formatImageToSync, parseImageToSync } from './image-to-sync.ts';
import { type ReceiptReason, formatReceipt, parseReceipt } from './receipt.ts';
import { type Reference, formatReference, parseReference } from './reference.ts';
import type { ResolvedImage } from './resolution.ts';
import type { RSync, Source } from './rsync.ts';
import type { ImageRule } from './rule.ts';
import type { Verdict } from './verdict.ts';
import { approvalKey } from './approval-key.ts';

/** What is written on an RSync, all at once (DESIGN section 6). */
export interface ApprovalPatch {
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.oci.image`, under `pin` only. */
  readonly image?: string;
}

export interface ApprovalInput {
  readonly rsync: RSync;
  readonly rule: ImageRule;
  readonly reference: Reference;
  readonly resolved: ResolvedImage;
  readonly resolvedAt: string;
  readonly verdict: Extract<Verdict, { status: 'verified' }>;
  /** Key of what is live, if that verifies too or was approved before. */
  readonly live: string | undefined;
  /** Keys in place that no longer verify under a changed policy. */
  readonly withdrawn: ReadonlySet<string>;
  readonly policy: string;
  readonly reason: ReceiptReason;
  readonly actor?: string;
  readonly now: Date;
}

/** The key that the target's approval has: the digest, or chart and version. */
export function keyOfTarget(source: Source, digest: Digest): string | undefined {
  if (source.type === 'oci') return digest;
  return source.type === 'helm' ? approvalKey(source, source.version ?? '') : undefined;
}

/**
 * The patch that approves a verified digest; undefined when everything is in place already, so that a second run
 * changes nothing (law 1).
 */
export function approve(input: ApprovalInput): ApprovalPatch | undefined {
  const { rsync, reference, resolved, policy } = input;
  const key = keyOfTarget(rsync.source, resolved.digest);
  if (key === undefined) return undefined;
  const before = parseApproved(rsync.annotations.approved);
  const receipt = parseReceipt(rsync.annotations.receipt);
  const image = pinnedImage(input);
  const inPlace =
    before[0] === key &&
    (input.live === undefined || before.includes(input.live)) &&
    !before.some((old) => input.withdrawn.has(old)) &&
    receipt?.digest === resolved.digest &&
    receipt.image === formatReference(reference) &&
    receipt.policy === policy;
  if (inPlace && image === undefined) return undefined;
  const sameRepository =
    receipt === undefined || repositoryOf(receipt.image) === reference.repository;
  const kept = sameRepository ? before.filter((old) => !input.withdrawn.has(old)) : [];
  const keys = approveKey(key, input.live, kept);
  const announced = before[0] === key ? undefined : announce(rsync, image, resolved.digest, keys);
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
      }),
      ...(announced === undefined ? {} : { [IMAGE_TO_SYNC]: announced }),
    },
    ...(image === undefined ? {} : { image }),
  };
}

/**
 * `image-to-sync` is announced only over a digest that stays approved, so that our own write never looks like a way
 * round the gate, and never on a declared object, where Config Sync's webhook would refuse the whole patch.
 */
function announce(
  rsync: RSync,
  image: string | undefined,
  digest: Digest,
  keys: readonly string[],
): string | undefined {
  const { source, annotations } = rsync;
  if (source.type !== 'oci' || rsync.declared) return undefined;
  const value = formatImageToSync(image ?? source.image, digest);
  if (annotations.imageToSync === undefined) return value;
  if (annotations.imageToSync === value) return undefined;
  const replaced = parseImageToSync(annotations.imageToSync);
  const replacedKey = replaced === undefined ? undefined : approvalKey(source, replaced.commit);
  return replacedKey !== undefined && keys.includes(replacedKey) ? value : undefined;
}

/** Under `pin`: the image as written, with the digest in place of the one it had; undefined when it is there. */
function pinnedImage({ rule, rsync, resolved }: ApprovalInput): string | undefined {
  if (rule.effect !== 'pin' || rsync.source.type !== 'oci') return undefined;
  const [name = ''] = rsync.source.image.split('@', 1);
  const image = `${name}@${resolved.digest}`;
  return image === rsync.source.image ? undefined : image;
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
