import type { ClusterPhase, PhaseRecord, RolloutStatus } from '#shared/core/phase.ts';
import type { SyncError } from '#shared/core/rsync.ts';
import type { VerdictStatus } from '#shared/core/verdict.ts';

/**
 * The throw-away store (law 6): what no RSync can remember. Deleting it costs calls and duplicate
 * events, never an approval. Functions share it, so every write replaces one whole record. Throws `store-unavailable`.
 */
export interface Store {
  readCluster(cluster: string): Promise<ClusterRecord | undefined>;
  /**
   * Replaces the record, unless the one in place comes from a reconcile that started later. With `over`: if the one in
   * place is still that one, and only then (`undefined`: if there is none). Returns whether it did.
   */
  writeCluster(
    record: ClusterRecord,
    condition?: { readonly over: ClusterRecord | undefined },
  ): Promise<boolean>;
  deleteCluster(cluster: string): Promise<void>;
  /** Records in order of cluster name, after `after`; at most `limit`. */
  listClusters(page: {
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly ClusterRecord[]>;
  /** Of the clusters that have a completed reconcile: their names, and those that follow `repository`. */
  followers(repository: string): Promise<Followers>;
  readImage(key: ImageKey): Promise<ImageRecord | undefined>;
  /**
   * Replaces the record. With `over`: if the one in place is still that one, and only then (`undefined`: if there is
   * none). Returns whether it did.
   */
  writeImage(
    record: ImageRecord,
    condition?: { readonly over: ImageRecord | undefined },
  ): Promise<boolean>;
  /** Records of tags whose last verdict is not `verified`, at most `limit`, in no order. */
  troubledTags(limit: number): Promise<readonly ImageRecord[]>;
  readNote<Kind extends NoteKind>(kind: Kind, name: string): Promise<Notes[Kind] | undefined>;
  /** Replaces the note; the later write stays. */
  writeNote<Kind extends NoteKind>(kind: Kind, name: string, note: Notes[Kind]): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterRecord {
  readonly cluster: string;
  readonly phase: ClusterPhase;
  /** When this phase began, ISO 8601. */
  readonly since: string;
  /** Why, for people, when not `Reachable`. */
  readonly message?: string;
  /**
   * Start of the last completed reconcile, ISO 8601; absent before the first. Unreachable clusters keep the old one.
   */
  readonly reconciledAt?: string;
  /** Start of the last reconcile that ended with an answer, ISO 8601: that it cannot be reached is one, too. */
  readonly lookedAt?: string;
  /** That it cannot be reached was about to be reported when this was written. */
  readonly doubtful?: true;
  /** Repositories (`host/path`) that its RSyncs follow, distinct and sorted. */
  readonly follows: readonly string[];
  readonly syncs: readonly SyncRow[];
}

/** One RSync as last seen: the snapshot's row, and the record of what was published of it. */
export interface SyncRow {
  /** `RootSync/<name>` or `RepoSync/<namespace>/<name>`. */
  readonly sync: string;
  readonly uid: string;
  /** Image as the RSync names it, in normal form with its tag; absent for sources that are not followed. */
  readonly image?: string;
  /** What the tag is in the registry: of an index the child that Config Sync pulls. */
  readonly target?: string;
  /** That index. */
  readonly index?: string;
  /** What Config Sync reports as synced. */
  readonly live?: string;
  readonly verdict?: VerdictStatus;
  /** Approval keys in place, newest first. */
  readonly approved: readonly string[];
  /** What the receipt has of the newest approval. */
  readonly approval?: ApprovalFacts;
  readonly record: PhaseRecord;
  readonly message: string;
  readonly errors: readonly SyncError[];
  /** It could not be looked at: the rest of the row is what was known before. */
  readonly unsettled?: Unsettled;
  /** It has a deletionTimestamp, and is not gone. */
  readonly deleting?: true;
  /** nomos' word for it: SYNCED, PENDING, ERROR, STALLED, RECONCILING. */
  readonly nomos: string;
  /** What nomos shows beside that word. */
  readonly shown?: Shown;
  /** `countersign.dev/break-glass` as it stands: each sweep reports it until it is removed. */
  readonly breakGlass?: string;
}

/** An RSync that could not be looked at: it is tried again by itself, and delays no other. */
export interface Unsettled {
  /** When it could not be looked at first, ISO 8601. */
  readonly since: string;
  /** Failures in a row. */
  readonly attempts: number;
  /** Of the last failure; `postponed`: its namespace, or the whole look, was at its bound. */
  readonly code: string;
  /** Earliest useful retry, ISO 8601. */
  readonly dueAt: string;
}

export interface ApprovalFacts {
  readonly digest: string;
  /** The index that was verified with it. */
  readonly index?: string;
  /** Hash of the policy it was approved under. */
  readonly policy: string;
  /** The registry's time, ISO 8601. */
  readonly resolvedAt: string;
}

/** One RSync as `nomos status` prints it. */
export interface Shown {
  /** `image[/dir]`, `repo/chart:version`, or `repo[/dir]@revision`. */
  readonly source: string;
  /** 64 hex digits, a chart's version, `N/A`, or empty. */
  readonly commit: string;
  readonly syncedAt?: string;
  readonly errors: readonly string[];
  readonly errorCount: number;
  /** How many errors Config Sync kept, where it cut the list. */
  readonly truncatedTo?: number;
}

export interface Followers {
  readonly known: ReadonlySet<string>;
  readonly following: ReadonlySet<string>;
}

export interface ImageKey {
  /** `host/path`. */
  readonly repository: string;
  readonly digest: string;
}

/** `unchecked`: it could not be judged. */
export type ImageStatus = VerdictStatus | 'unchecked';

/** What was last published of one digest, or of one tag, whose key is `:<tag>`. */
export interface ImageRecord extends ImageKey {
  /** Absent: nothing was published yet, and `claim` has what is about to be. */
  readonly status?: ImageStatus;
  /** Hash of the policy it was judged under; empty where it could not be judged. */
  readonly policy: string;
  /** When that was published, ISO 8601. */
  readonly since: string;
  /** When the registry was read for it, ISO 8601: an older reading never replaces a newer one. */
  readonly readAt: string;
  /** Of a tag: the digest that it named then; absent where it named none that could be found. */
  readonly names?: string;
  /** When it was reported that it has waited for its signature too long, ISO 8601. */
  readonly remindedAt?: string;
  /** A publication that was begun: it replaces this record once it is done. */
  readonly claim?: ImageClaim;
}

/** Whether the record is of a tag whose last verdict leaves something to be done. */
export function isTroubledTag({ digest, status }: ImageRecord): boolean {
  return digest.startsWith(':') && status !== undefined && status !== 'verified';
}

export interface ImageClaim {
  readonly status: ImageStatus;
  /** Message id of the notification, or the task's id: a retry takes its own claim over. */
  readonly cause: string;
  /** ISO 8601. */
  readonly at: string;
  /** Key of the tag's record that is claimed after the digest's, and recorded before it. */
  readonly tag?: string;
  /** The publication failed, and may have got through all the same. */
  readonly doubtful?: true;
}

/**
 * What a sweep remembers from one to the next, each kind in one shape. As throw-away as the rest of the store: losing
 * a note costs duplicate tasks or events, and delays withdrawals until the next sweep.
 */
export interface Notes {
  /** One, named `fleet`. */
  readonly sweep: SweepNote;
  /** One, named `fleet`. */
  readonly withdrawal: WithdrawalNote;
  /** By image reference, its tag included. */
  readonly rollout: RolloutNote;
  /** One, named `fleet`. */
  readonly seek: SeekNote;
}

export type NoteKind = keyof Notes;

export interface SweepNote {
  /** ISO 8601, of the last sweep. */
  readonly startedAt: string;
  /** Clusters whose task is not known to have been read, and when it was published, ISO 8601. */
  readonly tasked: Readonly<Record<string, string>>;
}

/** What the last sweeps found of withdrawing approvals (docs/design.md#withdrawals). */
export interface WithdrawalNote {
  /** Hashes of the policies under which approvals may be withdrawn, and when that was last decided, ISO 8601. */
  readonly allowed: Readonly<Record<string, string>>;
  /** The brake is on: since when, and for which policies. */
  readonly braked?: Trouble & { readonly policies: readonly string[] };
  /** Approvals that could not be judged: since when, and in which repositories, where nothing may be withdrawn. */
  readonly unchecked?: Trouble & { readonly repositories: readonly string[] };
  /** When the last one of each was reported to be over, ISO 8601: so that the next one is not taken for it. */
  readonly over?: { readonly braked?: string; readonly unchecked?: string };
}

/** What was reported, and is open. */
interface Trouble {
  /** ISO 8601. */
  readonly since: string;
  /** It was about to be reported when this was written. */
  readonly doubtful?: true;
}

/** What was last reported of the roll-out of one image. */
export interface RolloutNote {
  readonly digest: string;
  readonly status: RolloutStatus;
  readonly since: string;
}

/** Repositories that were pushed to and that no known RSync follows, and since when their followers are sought. */
export interface SeekNote {
  /** ISO 8601, by repository. */
  readonly sought: Readonly<Record<string, string>>;
}
