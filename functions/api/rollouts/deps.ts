import type { Serial } from '#shared/net/serial.ts';
import type { Staging } from '#shared/reconcile/deps.ts';
import type { Found } from '#shared/rollouts/find-rule.ts';
import type { ApiDeps } from '../deps.ts';
import type { ReadClusters } from './read-clusters.ts';

/** What roll-outs are read and decided with, where the config names `records`. */
export interface StagedDeps extends ApiDeps {
  readonly staging: Staging;
  readonly clusters: ReadClusters;
  /** One decision of an image at a time: those that come after it are made on what it left. */
  readonly serial: Serial;
  /** What the config has for an image. */
  readonly find: (image: string) => Found;
}
