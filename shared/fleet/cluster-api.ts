import type { SyncKind, SyncRef } from '#shared/core/sync-ref.ts';

/**
 * What is asked of one cluster's API server, and no more: the RBAC role grants exactly these verbs. Objects are handed
 * on as they came, unread; the cluster's operator or an attacker there chose their bytes.
 *
 * Every call throws `CountersignError`: `cluster-unreachable` (network, deadline, 5xx after retries, not Kubernetes,
 * or a 429 of the cluster itself), `fleet-unavailable` (the gateway's quota, shared by all clusters),
 * `cluster-forbidden` (401, RBAC, IAM), `no-config-sync` (the resource does not exist), `too-large`.
 */
export interface ClusterApi {
  /** Full membership name, or kubeconfig context. */
  readonly cluster: string;
  /** One page, of all namespaces. `cluster-conflict` where `continue` is too old: start anew. */
  list(kind: SyncKind, page: PageRequest): Promise<ObjectPage>;
  /** The object; undefined when there is none of that name. */
  get(ref: SyncRef): Promise<unknown>;
  /**
   * JSON merge patch of the main resource. Throws `cluster-conflict` when its `metadata.resourceVersion` is stale or
   * the object is gone, `cluster-refused` with the server's own words when admission or validation refuses.
   */
  patch(
    ref: SyncRef,
    body: Readonly<Record<string, unknown>>,
    options: PatchOptions,
  ): Promise<void>;
  /** Whether Config Sync's resources are served here. */
  discover(): Promise<boolean>;
  /** What runs there, and the user that it knows Countersign as: three calls, for `preflight`. */
  describe(): Promise<ClusterDescription>;
}

/** What the API server does not answer, or does not allow Countersign to read, is absent. */
export interface ClusterDescription {
  /** `1.32.4`. */
  readonly kubernetes?: string;
  /** Of Config Sync: `1.21.0`. */
  readonly configSync?: string;
  /** Our user name, as admission policies see it. */
  readonly user?: string;
}

export interface PageRequest {
  readonly limit: number;
  /** From the page before. */
  readonly continue?: string;
}

export interface ObjectPage {
  readonly items: readonly unknown[];
  /** Where the next page begins; absent: there is none. */
  readonly continue?: string;
}

export interface PatchOptions {
  readonly fieldManager: string;
  /** Runs admission and validation, and persists nothing. */
  readonly dryRun?: boolean;
}
