import type { RSyncAnnotations } from './annotations.ts';
import type { Reference } from './reference.ts';
import type { SyncRef } from './sync-ref.ts';

/** A RootSync or RepoSync as it was listed: facts only, read by the configsync room from what the API server said. */
export interface RSync {
  readonly ref: SyncRef;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** It has a deletionTimestamp. */
  readonly deleting: boolean;
  /** Its deletionTimestamp, where that is a time, ISO 8601. */
  readonly deletingSince?: string;
  /** Finalizers of one that is being deleted that are neither Config Sync's nor Kubernetes' own, the first few. */
  readonly heldBy?: readonly string[];
  /** Config Sync's own webhook guards it: label `configsync.gke.io/declared-version` (docs/facts/config-sync.md). */
  readonly declared: boolean;
  /** The RSync whose package declares this one, as that says itself: `RootSync/root-sync`. For people only. */
  readonly manager?: string;
  /** It has the label of what Config Sync applies as a set: a parent declares it. For people only. */
  readonly inApplySet?: boolean;
  /** It has `client.lifecycle.config.k8s.io/mutation: ignore`: a parent leaves changes of it alone. For people only. */
  readonly mutationIgnored?: boolean;
  readonly source: Source;
  readonly annotations: RSyncAnnotations;
  readonly status: SyncStatus;
}

export type Source =
  | {
      readonly type: 'oci';
      /** `spec.oci.image`, verbatim. */
      readonly image: string;
      readonly reference: Reference;
      readonly dir: string;
      /** `spec.oci.period`, where Config Sync polls less often than by default, in milliseconds. */
      readonly periodMs?: number;
    }
  | {
      /** Helm over OCI: `spec.helm.repo` begins with `oci://`. */
      readonly type: 'helm';
      /** `spec.helm.repo`, verbatim. */
      readonly repo: string;
      readonly chart: string;
      /** `spec.helm.version`; absent: the newest, which cannot be approved ahead of time. */
      readonly version?: string;
      /** `<repo path>/<chart>:<version>`; without a version its tag is `latest`. */
      readonly reference: Reference;
    }
  /** git, or Helm over http: nothing that is followed. `shown`: what the spec says, as nomos shows it. */
  | { readonly type: 'other'; readonly sourceType: string; readonly shown?: string }
  /** An OCI or Helm source that cannot be read; `problem` names the field. */
  | { readonly type: 'invalid'; readonly problem: string; readonly shown?: string };

/** `status` of an RSync (docs/facts/config-sync.md), with absent parts absent. */
export interface SyncStatus {
  readonly observedGeneration?: number;
  readonly lastSyncedCommit?: string;
  readonly source: Stage;
  readonly rendering: Stage;
  readonly sync: Stage;
  readonly reconciling?: Condition;
  readonly stalled?: Condition;
  readonly syncing?: Condition;
}

export interface Stage {
  /** 64 hex digits without `sha256:`, or a Helm version. */
  readonly commit?: string;
  /** `ociStatus.image`, verbatim. */
  readonly image?: string;
  readonly lastUpdate?: string;
  readonly errors: readonly SyncError[];
  /** `errorSummary.totalCount`; more than `errors` where Config Sync truncated them. */
  readonly errorCount: number;
}

export interface SyncError {
  /** Without `KNV`: "2002". */
  readonly code: string;
  readonly message: string;
}

export interface Condition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly commit?: string;
  readonly errorCount: number;
  /** How many errors Config Sync kept, where it cut the list. */
  readonly truncatedTo?: number;
  /** `errorSourceRefs`: whose errors it is about. */
  readonly errorSources?: readonly ('source' | 'rendering' | 'sync')[];
}
