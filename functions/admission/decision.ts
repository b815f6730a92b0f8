/** Why a review is let in; each is a decision on purpose (docs/adr/0013). */
type Admitted =
  /** Not about an RSync, or about nothing that is stored. */
  | 'not-an-rsync'
  | 'not-a-write'
  /** The object is on its way out, and only its finalizers change: they must not wait. */
  | 'deleting'
  /** There is no `image-to-sync`. */
  | 'absent'
  /** It was taken away: Config Sync writes it anew before it syncs, and that is a change. */
  | 'removed'
  | 'unchanged'
  /** No entry of the config names the image, and `unmatched` is `ignore`. */
  | 'ignored'
  | 'verified'
  /** Verified some time ago; now the registry cannot be asked. */
  | 'verified-earlier';

const INVALID = { code: 422, reason: 'Invalid' };

/**
 * Why a review is refused, or under `mode: warn` warned about, and what the API server makes of it. Config Sync shows every
 * code as KNV2002 but 403, which it takes for a missing permission (KNV2013, docs/facts/config-sync.md#refusals): so a
 * verdict is 422, as of the gate. What could not be checked is 503, which says that nothing is wrong with the image.
 */
export const REFUSALS = {
  unreadable: { code: 400, reason: 'BadRequest' },
  /** What is announced is not what the object's own spec names. */
  'not-of-spec': INVALID,
  /** No entry of the config names the image, and `unmatched` is `deny`. */
  unmatched: INVALID,
  unsigned: INVALID,
  incomplete: INVALID,
  untrusted: INVALID,
  unusable: INVALID,
  /** Approved before what is approved now, and the entry says `downgrade: deny`. */
  'moved-back': INVALID,
  /** The registry, a key or a root could not be had. */
  unchecked: { code: 503, reason: 'ServiceUnavailable' },
  overloaded: { code: 429, reason: 'TooManyRequests' },
};

type Refused = keyof typeof REFUSALS;

/** What is recorded with a review, beside its outcome: audit annotations. */
export type Facts = Readonly<Record<string, string>>;

export type Decision =
  | {
      readonly admit: true;
      readonly outcome: Admitted;
      readonly facts: Facts;
      readonly warnings: readonly string[];
      /** It was known, and is no news. */
      readonly remembered?: true;
    }
  | {
      readonly admit: false;
      readonly outcome: Refused;
      readonly facts: Facts;
      /** The same each time for the same reason: Config Sync rewrites its status when it differs. */
      readonly message: string;
    };

export function admit(
  outcome: Admitted,
  facts: Facts = {},
  warnings: readonly string[] = [],
): Decision {
  return { admit: true, outcome, facts, warnings };
}

export function refuse(outcome: Refused, message: string, facts: Facts = {}): Decision {
  return { admit: false, outcome, message, facts };
}
