import type { Digest } from './digest.ts';
import type { RolloutReceipt } from './rollout/fleet.ts';
import type { TaskReason } from './task.ts';
import type { VerdictStatus } from './verdict.ts';

/** `countersign.dev/receipt`: how the newest approval came to be. */
export interface Receipt {
  /** The reference that was resolved, in normal form. */
  readonly image: string;
  /** What was verified: of an index the child. */
  readonly digest: Digest;
  readonly index?: Digest;
  /** Where versions are followed: the one that the image's tag stands for. Automation takes no lower one. */
  readonly version?: string;
  readonly verdict: VerdictStatus;
  readonly authorities: readonly string[];
  /** Whose signatures verified: names of keys, or of certificates. */
  readonly signer?: string;
  readonly policy: string;
  /** The registry's own time of the resolution, ISO 8601 in whole seconds: orders approvals (law 4). */
  readonly resolvedAt: string;
  readonly approvedAt: string;
  /** As the image says of itself: the sources that it is of, and where these are. */
  readonly revision?: string;
  readonly source?: string;
  /** `version`: Config Sync records no digest for Helm, so the gate can only hold the chart to its version. */
  readonly enforcement: 'digest' | 'version';
  readonly reason: ReceiptReason;
  readonly actor?: string;
  /** The approved keys beside the newest, where there are any: those that Countersign wrote (docs/adr/0010). */
  readonly also?: readonly string[];
  /** The last of them that was approved before its tag moved to it, and who asked (docs/adr/0011). */
  readonly ahead?: Ahead;
  /** `image-to-sync` was left to Config Sync, because an admission webhook refuses it of Countersign (docs/adr/0008). */
  readonly announced?: false;
  /** Under `effect: pin`: whether this digest was written into the spec, once, or the cluster refused that. */
  readonly pin?: PinOutcome;
  /** The roll-out that let it in, and the stage: absent where the image has no strategy. */
  readonly rollout?: RolloutReceipt & { readonly stage: string };
  /** A failure was open when it was written, so that what fails after it may have failed before. */
  readonly was?: 'failed';
}

export interface Ahead {
  readonly digest: Digest;
  readonly actor?: string;
}

export type PinOutcome = 'written' | 'refused';

export type ReceiptReason = Exclude<TaskReason, 'signature'>;

/** A signature's event is a push like any other to those who read receipts. */
export function receiptReason(reason: TaskReason): ReceiptReason {
  return reason === 'signature' ? 'push' : reason;
}

/** JSON without white space, in the order in which `receipt` has its fields. */
export function formatReceipt(receipt: Receipt): string {
  return JSON.stringify(receipt);
}

/** As the times of a receipt are written: ISO 8601 in whole seconds. */
export function toSeconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** What a later reconcile needs of a receipt. */
export type ReceiptFacts = Pick<
  Receipt,
  | 'image'
  | 'digest'
  | 'index'
  | 'version'
  | 'policy'
  | 'resolvedAt'
  | 'approvedAt'
  | 'also'
  | 'ahead'
  | 'pin'
  | 'rollout'
  | 'was'
>;
