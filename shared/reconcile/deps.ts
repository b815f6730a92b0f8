import type { DecisionSettings } from '#shared/core/decision-input.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';
import type { Tracing } from '#shared/core/tracing.ts';
import type { ImageRules } from '#shared/config/image-rules.ts';
import type { Strategies } from '#shared/config/strategies.ts';
import type { Tracks } from '#shared/config/tracks.ts';
import type { Serial } from '#shared/net/serial.ts';
import type { RSyncs } from '#shared/configsync/rsyncs.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { Freezes } from '#shared/records/freezes.ts';
import type { Orders } from '#shared/records/orders.ts';
import type { Records } from '#shared/records/records.ts';
import type { BurstResolver } from '#shared/registry/burst.ts';
import type { StatusEvent } from '#shared/status/events.ts';
import type { Store } from '#shared/store/store.ts';
import type { Verifier } from '#shared/trust/verifier.ts';
import type { Settled } from './settled.ts';

/** Everything a reconcile needs of the world; `main.ts` puts it together. */
export interface ReconcileDeps extends ImageDeps {
  readonly fleet: Fleet;
  readonly rsyncs: RSyncs;
  readonly settings: ReconcileSettings;
  readonly tracing?: Tracing;
}

/** What the config says beside images and policies. */
export interface ReconcileSettings extends Omit<DecisionSettings, 'withdraw'> {
  /** What the gate makes of images that no entry names. */
  readonly unmatched: 'deny' | 'ignore';
  /** What the gate makes of sources that announce nothing. */
  readonly otherSources: 'deny' | 'ignore';
}

export interface ImageDeps {
  readonly resolver: BurstResolver;
  readonly verifier: Verifier;
  readonly rules: ImageRules;
  readonly policies: ReadonlyMap<string, TrustPolicy>;
  /** Absent: no entry of the config follows versions. */
  readonly tracks?: Tracks | undefined;
  readonly store: Store;
  /** One publication of an image's verdict at a time: the tasks of one sweep come to it together. */
  readonly serial: Serial;
  /** Absent: the store is asked for each verdict. */
  readonly settled?: Settled;
  /** Resolves when the broker has it. Throws `publish-failed`. */
  readonly publish: (event: StatusEvent) => Promise<void>;
  readonly now: () => Date;
  readonly log: Log;
  /** Absent: the config names no `records`, so that every image goes everywhere at once. */
  readonly staging?: Staging;
}

/**
 * Roll-outs in stages: what the config says of them, and what they and people have decided. An image may have none all
 * the same.
 */
export interface Staging {
  readonly strategies: Strategies;
  readonly records: Records;
  readonly freezes: Freezes;
  /** Holds that were ordered, and may not stand on their RSyncs yet; absent: there are none. */
  readonly orders?: Orders;
}

/** Static messages; what varies goes into `fields`. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
