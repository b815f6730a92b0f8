import type { TrustPolicy } from '#shared/core/policy.ts';
import type { ImageRule } from '#shared/core/rule.ts';

/** The config file, checked: units converted, defaults filled in, files read. Plain data (docs/config.md). */
export interface Config {
  readonly fleet: FleetConfig;
  readonly registries: readonly RegistryRule[];
  /** First match wins: see `matchImage`. */
  readonly images: readonly ImageRule[];
  /** OCI sources and charts that no entry names. */
  readonly unmatched: 'deny' | 'ignore';
  /** Sources that announce nothing: git, and Helm over http. */
  readonly otherSources: 'deny' | 'ignore';
  /** By name; every `ImageRule.trust` is a key of it. */
  readonly trust: Readonly<Record<string, TrustPolicy>>;
  readonly topics: TopicNames;
  readonly store: StoreConfig;
  readonly sweep: SweepConfig;
  readonly gate?: GateConfig;
  readonly admission: AdmissionConfig;
  readonly access: AccessConfig;
}

/** The clusters; what depends on where they come from is said here, once. */
export type FleetConfig = {
  /** What events name as their source, after `//countersign.dev/`: `projects/P`, or `kubeconfig`. */
  readonly source: string;
  /** Whose quota calls to clusters cost: Connect Gateway's, shared by all functions and people; or none is counted. */
  readonly budget: 'gateway' | 'none';
  /** Google's Config Management feature may have made RSyncs of its own, and puts them back. */
  readonly managed: boolean;
} & (
  | {
      readonly type: 'gkeHub';
      readonly projects: readonly string[];
      /** Checked: `createSelector` reads it. */
      readonly labelSelector?: string;
    }
  | {
      readonly type: 'kubeconfig';
      /** Absolute. */
      readonly path: string;
      /** Empty: all. */
      readonly contexts: readonly string[];
      readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
    }
);

export interface RegistryRule {
  /** Normalised, with the port unless it is the default. */
  readonly host: string;
  readonly plainHttp: boolean;
  readonly auth: 'none' | 'google' | 'dockerConfig';
  /** Hosts, besides its own, that may be its token realm; absent: those known of the registry. */
  readonly realms?: readonly string[];
  /** Where referrers are looked for; absent: auto. */
  readonly referrers?: 'auto' | 'tag';
}

/** Full names: `projects/P/topics/T`; all different. */
export interface TopicNames {
  readonly tasks: string;
  readonly sweepTasks: string;
  readonly resyncTasks: string;
  readonly status: string;
  readonly deadLetters: string;
}

export type StoreConfig =
  | { readonly type: 'firestore'; readonly project: string; readonly database: string }
  /** `path` is absolute. */
  | { readonly type: 'sqlite'; readonly path: string };

export interface SweepConfig {
  readonly periodMs: number;
  /** Share of the fleet, between 0 and 1. */
  readonly withdrawBrake: number;
  readonly pendingAfterMs: number;
  readonly blockedAfterMs: number;
  readonly deletingAfterMs: number;
  readonly liveAfterMs: number;
}

export interface GateConfig {
  /** User name in the clusters, exact. */
  readonly identity: string;
  readonly breakGlass: readonly string[];
}

/** How admission reviews are answered. */
export interface AdmissionConfig {
  /** `warn`: what would be refused is let in, with a warning. */
  readonly mode: 'deny' | 'warn';
  /** What is done with an `image-to-sync` that stays as it was. */
  readonly unchanged: 'admit' | 'verify';
  /** How long a good verdict that may not be used any more still is, while the registry cannot be asked. */
  readonly staleForMs: number;
  /** For one review. */
  readonly deadlineMs: number;
}

/** A function without an entry has no callers: its main refuses to start. */
export interface AccessConfig {
  readonly push?: CallerAccess;
  readonly cluster?: CallerAccess;
  readonly sweep?: CallerAccess;
  readonly api?: PeopleAccess;
  readonly admission?: ReviewerAccess;
}

/** Anyone may call: main listens on loopback, or refuses to start. */
interface OpenAccess {
  readonly mode: 'none';
}

export type CallerAccess =
  | OpenAccess
  | {
      readonly mode: 'iam' | 'verify' | 'iap';
      readonly audience: string;
      readonly emails: readonly string[];
    };

/** `none` is legal for admission behind TLS of its own, too (docs/adr/0013). */
export type ReviewerAccess =
  | CallerAccess
  /** `sha256`: of the secret at the end of the webhook's URL, in lower-case hex. */
  | { readonly mode: 'path'; readonly sha256: readonly string[] };

export type PeopleAccess =
  | OpenAccess
  | {
      readonly mode: 'verify' | 'iap';
      readonly audience: string;
      /** May look. */
      readonly viewers: readonly string[];
      /** May look and start resyncs. */
      readonly invokers: readonly string[];
    };
