import * as z from 'zod';
import { CountersignError } from '#shared/core/errors.ts';
import { CLUSTER_PHASES, FAILURE_PHASES, PHASES, ROLLOUT_STATUSES } from '#shared/core/phase.ts';
import { PIN_OBSTACLES } from '#shared/core/pin.ts';
import { WAITS } from '#shared/core/rollout/admits.ts';
import { parseJson } from '#shared/net/json.ts';
import { EvidenceFields } from './evidence-note.ts';
import { TallyFields } from './tally-note.ts';
import { WithdrawalFields } from './withdrawal-note.ts';
import { ReceiptFields } from './receipt-fields.ts';
import { ReleaseFields, TrackFields, TrackedFields } from './track-note.ts';

/**
 * Records, as they are written and read back. Anyone who can write to the store may have written them, an older version
 * of Countersign included, so that a row that does not fit counts as absent.
 */
type Stored<T> = T extends readonly (infer Item)[]
  ? readonly Stored<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Stored<T[Key]> }
    : T;

const VERDICTS = ['verified', 'unsigned', 'incomplete', 'untrusted', 'unusable'] as const;

/** `unchecked`: it could not be judged. */
const ImageStatus = z.enum([...VERDICTS, 'unchecked']);
export type ImageStatus = z.infer<typeof ImageStatus>;

/** ISO 8601. */
const Time = z.iso.datetime();
const True = z.literal(true);

const Record = () =>
  z.object({
    phase: z.enum(PHASES),
    digest: z.string().exactOptional(),
    since: Time,
    approved: z.string().exactOptional(),
    synced: z.string().exactOptional(),
    failure: z
      .object({
        phase: z.enum(FAILURE_PHASES),
        since: Time,
        digest: z.string().exactOptional(),
        before: z.enum(PHASES).exactOptional(),
      })
      .exactOptional(),
  });

/** An RSync that could not be looked at: it is tried again by itself, and delays no other. */
const Unsettled = z.object({
  /** When it could not be looked at first. */
  since: Time,
  /** Failures in a row. */
  attempts: z.int().min(0),
  /** Of the last failure; `postponed`: its namespace, or the whole look, was at its bound. */
  code: z.string(),
  /** Earliest useful retry. */
  dueAt: Time,
});
export type Unsettled = Stored<z.infer<typeof Unsettled>>;

const ApprovalFacts = z.object({
  digest: z.string(),
  /** The index that was verified with it. */
  index: z.string().exactOptional(),
  /** Hash of the policy it was approved under. */
  policy: z.string(),
  /** The registry's time. */
  resolvedAt: Time,
  /** Where versions are followed: the one that was taken. */
  release: ReleaseFields.exactOptional(),
});
export type ApprovalFacts = Stored<z.infer<typeof ApprovalFacts>>;

/** One RSync as `nomos status` prints it. */
const Shown = z.object({
  /** `image[/dir]`, `repo/chart:version`, or `repo[/dir]@revision`. */
  source: z.string(),
  /** 64 hex digits, a chart's version, `N/A`, or empty. */
  commit: z.string(),
  syncedAt: z.string().exactOptional(),
  errors: z.array(z.string()),
  errorCount: z.number(),
  /** How many errors Config Sync kept, where it cut the list. */
  truncatedTo: z.number().exactOptional(),
});
export type Shown = Stored<z.infer<typeof Shown>>;

/** Of an RSync whose images reach the clusters in stages. */
const Staged = () =>
  z.object({
    /** Whose record it is under: `host/path:tag`. */
    image: z.string(),
    /** The approval key that it is admitted to, or waits for. */
    digest: z.string().exactOptional(),
    /** The approval key that its tag names, where that is verified. */
    target: z.string().exactOptional(),
    /** By its labels, at the last look. */
    stage: z.string(),
    /** What it waits for; absent: it is admitted. */
    why: z.enum(WAITS).exactOptional(),
    /** The image whose record keeps it waiting, where its own has let it in. */
    by: z.string().exactOptional(),
    /** `countersign.dev/hold` as it stands. */
    hold: z.string().exactOptional(),
    /** Why it cannot be pinned, where it is to be. */
    unpinned: z.enum(PIN_OBSTACLES).exactOptional(),
    /** When the newest approval was written. */
    approvedAt: Time.exactOptional(),
    /** No digest has been approved that it was let in to, since then; `on`: the one of the last look, if it was let in. */
    stuck: z.object({ since: Time, on: z.string().exactOptional() }).exactOptional(),
    /** It had a failure open when that was written. */
    failedBefore: True.exactOptional(),
    receipt: ReceiptFields.exactOptional(),
  });
export type Staged = Stored<z.infer<ReturnType<typeof Staged>>>;

/** One RSync as last seen: the snapshot's row, and the record of what was published of it. */
const SyncRow = () =>
  z.object({
    /** `RootSync/<name>` or `RepoSync/<namespace>/<name>`. */
    sync: z.string(),
    uid: z.string(),
    /** Image as the RSync names it, in normal form with its tag; absent for sources that are not followed. */
    image: z.string().exactOptional(),
    /** What the tag is in the registry: of an index the child that Config Sync pulls. */
    target: z.string().exactOptional(),
    /** That index. */
    index: z.string().exactOptional(),
    /** What Config Sync reports as synced. */
    live: z.string().exactOptional(),
    verdict: z.enum(VERDICTS).exactOptional(),
    /** Codes behind that verdict. */
    reasons: z.array(z.string()).exactOptional(),
    /** Approval keys in place, newest first. */
    approved: z.array(z.string()),
    /** What the receipt has of the newest approval. */
    approval: ApprovalFacts.exactOptional(),
    record: Record(),
    message: z.string(),
    errors: z.array(z.object({ code: z.string(), message: z.string() })),
    /** It could not be looked at: the rest of the row is what was known before. */
    unsettled: Unsettled.exactOptional(),
    /** It has a deletionTimestamp, and is not gone. */
    deleting: True.exactOptional(),
    /** nomos' word for it: SYNCED, PENDING, ERROR, STALLED, RECONCILING. */
    nomos: z.string(),
    /** What nomos shows beside that word. */
    shown: Shown.exactOptional(),
    /** `countersign.dev/break-glass` as it stands: each sweep reports it until it is removed. */
    breakGlass: z.string().exactOptional(),
    /** What its tag names waits for the end of a freeze, as of the last look. Of an image in stages, `staged` has it. */
    frozen: True.exactOptional(),
    /** `countersign.dev/hold` as it stands, and since when it was seen; `unwritten`: it was ordered, and holds all the same. */
    held: z
      .object({ text: z.string(), since: Time, unwritten: True.exactOptional() })
      .exactOptional(),
    /** Since when no hold was seen on it: what names the next one. Absent while one is there. */
    unheld: Time.exactOptional(),
    /** The order of a hold that it was found to be as it says. */
    order: z.string().exactOptional(),
    staged: Staged().exactOptional(),
    /** Where versions are followed: what the last look found of them. */
    tracked: TrackedFields.exactOptional(),
  });
export type SyncRow = Stored<z.infer<ReturnType<typeof SyncRow>>>;

const ClusterFields = z.lazy(() =>
  z.object({
    cluster: z.string(),
    phase: z.enum(CLUSTER_PHASES),
    /** When this phase began. */
    since: Time,
    /** Why, for people, when not `Reachable`. */
    message: z.string().exactOptional(),
    /** Start of the last completed reconcile; absent before the first. Unreachable clusters keep the old one. */
    reconciledAt: Time.exactOptional(),
    /** Start of the last reconcile that ended with an answer: that it cannot be reached is one, too. */
    lookedAt: Time.exactOptional(),
    /** That it cannot be reached was about to be reported when this was written. */
    doubtful: True.exactOptional(),
    /** Repositories (`host/path`) that its RSyncs follow, distinct and sorted. */
    follows: z.array(z.string()),
    syncs: z.array(SyncRow()),
  }),
);
export type ClusterRecord = Stored<z.infer<typeof ClusterFields>>;
export const StoredCluster: z.ZodType<ClusterRecord> = ClusterFields;

const ImageClaim = z.object({
  status: ImageStatus,
  /** Message id of the notification, or the task's id: a retry takes its own claim over. */
  cause: z.string(),
  at: Time,
  /** Key of the tag's record that is claimed after the digest's, and recorded before it. */
  tag: z.string().exactOptional(),
  /** The publication failed, and may have got through all the same. */
  doubtful: True.exactOptional(),
});
export type ImageClaim = Stored<z.infer<typeof ImageClaim>>;

/** What was last published of one digest, or of one tag, whose key is `:<tag>`. */
const ImageFields = z.lazy(() =>
  z.object({
    /** `host/path`. */
    repository: z.string(),
    digest: z.string(),
    /** Absent: nothing was published yet, and `claim` has what is about to be. */
    status: ImageStatus.exactOptional(),
    /** Hash of the policy it was judged under; empty where it could not be judged. */
    policy: z.string(),
    /** When that was published. */
    since: Time,
    /** When the registry was read for it: an older reading never replaces a newer one. */
    readAt: Time,
    /** Of a tag: the digest that it named then; absent where it named none that could be found. */
    names: z.string().exactOptional(),
    /** When it was reported that it has waited for its signature too long. */
    remindedAt: Time.exactOptional(),
    /** A publication that was begun: it replaces this record once it is done. */
    claim: ImageClaim.exactOptional(),
  }),
);
export type ImageRecord = Stored<z.infer<typeof ImageFields>>;
export const StoredImage: z.ZodType<ImageRecord> = ImageFields;

/**
 * What a sweep remembers from one to the next, each kind in one shape. As throw-away as the rest of the store: losing
 * a note costs duplicate tasks or events, and delays withdrawals until the next sweep.
 */
const NOTES = {
  /** One, named `fleet`. */
  sweep: z.object({
    /** Of the last sweep. */
    startedAt: Time,
    /** Clusters whose task is not known to have been read, and when it was published. */
    tasked: z.record(z.string(), Time),
  }),
  /** One, named `fleet`: what the last sweeps found of withdrawing approvals. */
  withdrawal: WithdrawalFields,
  /** By image reference, its tag included: what was last reported of its roll-out. */
  rollout: z.object({ digest: z.string(), status: z.enum(ROLLOUT_STATUSES), since: Time }),
  /** By image reference, its tag included: what the checks of the stage where its roll-out stands came to last. */
  evidence: EvidenceFields,
  /** One, named `fleet`: the last sweep's count of it. */
  tally: TallyFields,
  /**
   * One, named `fleet`: repositories that were pushed to and that no known RSync follows, and since when their followers
   * are sought.
   */
  seek: z.object({ sought: z.record(z.string(), Time) }),
  /** By host of a registry: until when it asked to be left alone, at least. */
  pause: z.object({ until: Time }),
  /** By kind and repository: what the last listing of one whose versions are followed has to choose from. */
  track: TrackFields,
};
export type NoteKind = keyof typeof NOTES;
export type Notes = { readonly [Kind in NoteKind]: Stored<z.infer<(typeof NOTES)[Kind]>> };

export type SweepNote = Notes['sweep'];
export type WithdrawalNote = Notes['withdrawal'];
export type RolloutNote = Notes['rollout'];
export type SeekNote = Notes['seek'];
export type Tally = Notes['tally'];
export type TrackNote = Notes['track'];

/** By kind, so that a note is read as what it was written as. */
export const STORED_NOTES: { readonly [Kind in NoteKind]: z.ZodType<Notes[Kind]> } = NOTES;

/** What a schema has made: valid, and in its order. Records are never changed in place. */
const made = new WeakSet<object>();

/** The record in `text`; undefined when it is none, for anyone who can write to the store may have written it. */
export function readRecord<T extends object>(
  schema: z.ZodType<T>,
  text: string | undefined,
): T | undefined {
  if (text === undefined) return undefined;
  const record = schema.safeParse(parseJson(text)).data;
  if (record !== undefined) made.add(record);
  return record;
}

/**
 * The record as text, the same for the same record whatever made it: in the order of its schema. What could not be read
 * back must not be written: it would be lost silently. Throws `internal`, for it is a bug of the caller.
 */
export function writeRecord<T extends object>(schema: z.ZodType<T>, record: T): string {
  if (made.has(record)) return JSON.stringify(record);
  const { data, error } = schema.safeParse(record);
  if (error === undefined) return JSON.stringify(data);
  const place = error.issues[0]?.path.join('.') ?? '';
  throw new CountersignError('internal', `A record for the store is wrong at ${place}`, {
    cause: error,
    retry: false,
  });
}
