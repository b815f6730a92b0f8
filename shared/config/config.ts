import type { TrustPolicy } from '#shared/core/policy.ts';
import type { ImageRule } from '#shared/core/rule.ts';
import type { ConfigInput } from './schema.ts';

/** What the schema makes of the file: nothing changes it from there on. */
type Input = Unchanging<ConfigInput>;

type Unchanging<Value> = Value extends object
  ? { readonly [Key in keyof Value]: Unchanging<Value[Key]> }
  : Value;

/** The config file, checked: units converted, defaults filled in, files read. Plain data (docs/config.md). */
export interface Config extends Omit<Input, 'fleet' | 'images' | 'trust' | 'store' | 'records'> {
  readonly fleet: FleetConfig;
  /** First match wins: see `createImageRules`. */
  readonly images: readonly ImageRule[];
  /** By name; every `ImageRule.trust` is a key of it. */
  readonly trust: Readonly<Record<string, TrustPolicy>>;
  readonly store: StoreConfig;
  /** Of what roll-outs decided; there where an entry of `images` has a roll-out. */
  readonly records?: StoreConfig;
}

/** The clusters; what depends on where they come from is said here, once. */
export type FleetConfig = {
  /** What events name as their source, after `//countersign.dev/`: `projects/P`, or `kubeconfig`. */
  readonly source: string;
  /** Whose quota calls to clusters cost: Connect Gateway's, shared by all functions and people; or none is counted. */
  readonly budget: 'gateway' | 'none';
  /** Google's Config Management feature may have made RSyncs of its own, and puts them back. */
  readonly managed: boolean;
} & KindOf<Input['fleet']>;

/** Paths in it are absolute. */
export type StoreConfig = KindOf<Input['store']>;

/** Of a map with exactly one key: what is under that key, and its name as `type`. */
type KindOf<Choice> = {
  [Type in keyof Choice]-?: { readonly type: Type } & NonNullable<Choice[Type]>;
}[keyof Choice];

export type StrategyConfig = Input['rollouts']['strategies'][string];
export type AdmissionConfig = Input['admission'];

/** A function without an entry has no callers: its main refuses to start. */
type AccessConfig = Input['access'];
export type CallerAccess = NonNullable<AccessConfig['push']>;
export type PeopleAccess = NonNullable<AccessConfig['api']>;
export type ReviewerAccess = NonNullable<AccessConfig['admission']>;
