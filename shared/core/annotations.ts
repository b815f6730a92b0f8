/** What this RSync may sync, newest first, separated by one space; empty: withdrawn (DESIGN section 6). */
export const APPROVED = 'countersign.dev/approved';

/** How the newest approval came to be, as JSON; for people and for our next reconcile. */
export const RECEIPT = 'countersign.dev/receipt';

/** `<digest> <reason>`, set by a person of `gate.breakGlass`: lets that digest pass unapproved. */
export const BREAK_GLASS = 'countersign.dev/break-glass';

/** The field manager of every write of ours; `configsync.gke.io` is Config Sync's (facts/config-sync.md section 7). */
export const FIELD_MANAGER = 'countersign';
