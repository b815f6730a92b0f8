import type { Digest } from './digest.ts';
import type { ReceiptFacts } from './receipt.ts';

/** What this RSync may sync: approval keys, newest first, separated by one space; empty: withdrawn. */
export const APPROVED = 'countersign.dev/approved';

/** How the newest approval came to be, as JSON; for people and for the next reconcile. */
export const RECEIPT = 'countersign.dev/receipt';

/** `<digest> <reason>`, set by a person of `gate.breakGlass`: lets that digest pass unapproved. */
export const BREAK_GLASS = 'countersign.dev/break-glass';

/** `<until|-> <by> <reason>`: no roll-out gives this RSync anything new while it is there (docs/gate.md). */
export const HOLD = 'countersign.dev/hold';
/** Characters of a hold: an instant, a user name and a sentence. The gate refuses more. */
export const MAX_HOLD = 512;

/** Config Sync's annotation: what a reconciler is about to sync (docs/facts/config-sync.md). */
export const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';

/** The field manager of every write of Countersign; `configsync.gke.io` is Config Sync's. */
export const FIELD_MANAGER = 'countersign';

/** The annotations of an RSync that matter here, read once. Without the gate anyone may have written them. */
export interface RSyncAnnotations {
  readonly approved: ApprovedList;
  readonly receipt: FoundReceipt;
  readonly imageToSync?: string;
  readonly breakGlass?: string;
  readonly hold?: FoundHold;
}

export interface FoundHold {
  /** As it stands, cut at `MAX_HOLD`. */
  readonly text: string;
  /** What it says; absent where that cannot be read. It never ends by itself, whatever it says. */
  readonly facts?: HoldFacts;
  /** It was ordered, and does not stand on the RSync yet: it holds all the same. */
  readonly unwritten?: true;
}

export interface HoldFacts {
  /** ISO 8601; absent: until a person takes it away. */
  readonly until?: string;
  readonly by: string;
  readonly reason: string;
}

export interface ApprovedList {
  /** As it stands; absent: there is no such annotation, and the gate does not guard the RSync. */
  readonly text?: string;
  /** The approval keys in it, newest first. */
  readonly keys: readonly string[];
}

export interface FoundReceipt {
  /** As it stands; absent: there is none, and Countersign has never written on the RSync. */
  readonly text?: string;
  /** What it says; absent where it is no receipt, and then it is written anew. */
  readonly facts?: ReceiptFacts;
}

const MAX_BEFORE = 2;
const MAX_READ = 16;

/** Reads the value of `countersign.dev/approved`; its length is not believed. */
export function parseApproved(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  return [...new Set(value.split(' ', MAX_READ).filter((key) => key !== ''))];
}

/** One space between keys and nothing else: the gate splits on exactly that. Empty list: withdrawn. */
export function formatApproved(keys: readonly string[]): string {
  return keys.join(' ');
}

/** Whether the annotation is the list to the letter: the gate splits the whole text at each space, and may read more. */
export function isAsWritten({ text, keys }: ApprovedList): boolean {
  return text === undefined || text === formatApproved(keys);
}

/** Keys that stand behind those that are read, the first of them, for people. */
export function unreadKeys({ text = '', keys }: ApprovedList): readonly string[] {
  const others = text.split(' ').filter((key) => key !== '' && !keys.includes(key));
  return [...new Set(others)].slice(0, MAX_READ);
}

/** `current` first, then what is live, which Config Sync re-sends until it has pulled the new one, then two older ones. */
export function approveKey(
  current: string,
  live: string | undefined,
  before: readonly string[],
): readonly string[] {
  const head = live === undefined || live === current ? [current] : [current, live];
  return [...head, ...before.filter((key) => !head.includes(key)).slice(0, MAX_BEFORE)];
}

export interface ImageToSync {
  /** What stands before the last `@`: `spec.oci.image` or `spec.helm.repo`, verbatim. */
  readonly source: string;
  /** What stands after `@sha256:`: 64 hex digits, or a Helm chart's version. */
  readonly commit: string;
}

/**
 * Reads `image-to-sync` from the right, for an image that is itself pinned by digest has two `@`
 * (`x@sha256:a@sha256:a`), and Helm writes a version where the digest would be. Undefined when it is neither.
 */
export function parseImageToSync(value: string): ImageToSync | undefined {
  const at = value.lastIndexOf('@');
  const prefix = '@sha256:';
  if (at <= 0 || !value.startsWith(prefix, at)) return undefined;
  const commit = value.slice(at + prefix.length);
  return commit === '' ? undefined : { source: value.slice(0, at), commit };
}

/** The value exactly as Config Sync writes it for an OCI source; `image` is `spec.oci.image`, verbatim. */
export function formatImageToSync(image: string, digest: Digest): string {
  return `${image}@${digest}`;
}
