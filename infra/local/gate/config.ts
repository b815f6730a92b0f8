/** What the gate is rendered from: identities and scope, as the config file has them. */
export interface GateConfig {
  /** Countersign's own user name. */
  identity: string;
  /** Users who may let one digest pass unapproved. */
  breakGlass: readonly string[];
  /** Globs over normalised repositories, first match wins: `*` within one path segment, `**` any. */
  images: readonly string[];
  /** Those of `images` that have `effect: pin`: there Countersign may write the digest into the spec. */
  pinned?: readonly string[];
  /** Whether OCI sources that no glob names are refused, or none of the gate's business. */
  unmatched: 'deny' | 'ignore';
}

export const APPROVED = 'countersign.dev/approved';
export const RECEIPT = 'countersign.dev/receipt';
export const BREAK_GLASS = 'countersign.dev/break-glass';
export const IMAGE_TO_SYNC = 'configsync.gke.io/image-to-sync';
export const OWN_PREFIX = 'countersign.dev/';
