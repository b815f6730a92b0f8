import type { ApprovalPatch } from '#shared/core/approve.ts';
import type { Digest } from '#shared/core/digest.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Reference } from '#shared/core/reference.ts';
import type { Resolution } from '#shared/core/resolution.ts';
import type { RSync } from '#shared/core/rsync.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { SyncRef } from '#shared/core/sync-ref.ts';
import type { Verdict } from '#shared/core/verdict.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import type { Store } from '#shared/store/store.ts';

/** Everything a reconcile needs of the world; `main.ts` puts it together. */
export interface ReconcileDeps extends ImageDeps {
  readonly fleet: Fleet;
  readonly rsyncs: RSyncs;
  readonly settings: { readonly blockedAfterMs: number; readonly withdraw: boolean };
}

/** What it takes to say what an image is, and to tell it. */
export interface ImageDeps {
  readonly resolver: Resolver;
  readonly verifier: Verifier;
  readonly rules: Rules;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  readonly store: Store;
  /** Resolves when the broker has it. Throws `publish-failed`. */
  readonly publish: (event: StatusEvent) => Promise<void>;
  readonly now: () => Date;
  readonly log: Log;
}

export interface Resolver {
  /** Shared among callers, but never made before `notBefore`, when the caller's task was published (law 4). */
  resolve(reference: Reference, notBefore: Date): Promise<Resolution>;
  /** Made after this call, past every cache. */
  fresh(reference: Reference): Promise<Resolution>;
}

export interface Verifier {
  /** `fresh`: something changed just now, so that a remembered verdict counts only if it is `verified`. */
  verify(
    subject: Subject,
    policy: TrustPolicy,
    options: { readonly fresh: boolean },
  ): Promise<Verdict>;
}

export interface Subject {
  readonly repository: string;
  readonly digest: Digest;
  readonly index?: Digest;
}

/** The RSyncs of one cluster; the configsync room behind a port. */
export interface RSyncs {
  list(api: ClusterApi): Promise<readonly RSync[]>;
  read(api: ClusterApi, ref: SyncRef): Promise<RSync | undefined>;
  /** Writes with the resourceVersion of `rsync`; throws `cluster-conflict` when that is stale. */
  write(api: ClusterApi, rsync: RSync, patch: ApprovalPatch): Promise<void>;
  /** nomos' word for its status. */
  nomos(rsync: RSync): string;
}

export interface Rules {
  /** The first rule whose glob matches `host/path`; undefined: the config does not name it. */
  match(repository: string): ImageRule | undefined;
  /** Whether a cluster with these labels follows the images of `rule`. */
  selects(rule: ImageRule, labels: Readonly<Record<string, string>>): boolean;
}

/** Static messages; what varies goes into `fields`. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
