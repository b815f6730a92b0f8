import { startConfigSync } from '../config-sync/start-config-sync.ts';
import type { Pace } from '../config-sync/pace.ts';
import type { GateInput } from '#infra/kubernetes/gate/gate-input.ts';
import { createGate } from '../gate-evaluation.ts';
import { type Kube, startKube } from '../kube/start-kube.ts';
import { type Effect, followedImages, LOCAL_ADMIN, SERVICE_IDENTITY } from './files.ts';
import type { LocalWorldError } from './local-world-error.ts';
import { seedSyncs } from './syncs.ts';

/** A cluster as people and functions reach it. */
export interface LocalCluster {
  readonly name: string;
  readonly url: string;
  /** Of a real API server: its authority, and the token of each user. */
  readonly access?: { readonly ca: string; readonly tokenOf: (user: string) => string };
}

/** The clusters of a world. */
export interface Fleet {
  readonly clusters: readonly LocalCluster[];
  /** Those that are part of this process. */
  readonly emulated: readonly Kube[];
  /** Starts Config Sync in every cluster. */
  startSync(): Promise<FleetSync>;
  /** Resolves when a program of one ends that was not stopped. */
  readonly failed: Promise<LocalWorldError>;
}

/** What the gate of every local cluster is rendered from. */
export function localGate(registry: string, effect: Effect): GateInput {
  return {
    identity: SERVICE_IDENTITY,
    breakGlass: [LOCAL_ADMIN],
    mayHold: 'countersign',
    images: [{ match: followedImages(registry), effect }],
    unmatched: 'deny',
    otherSources: 'deny',
  };
}

interface ClustersOptions {
  readonly count: number;
  readonly registry: string;
  readonly effect: Effect;
  readonly pace?: Pace | undefined;
  readonly onError: (error: unknown) => void;
}

/** Starts emulated clusters, each behind the gate and with its RSyncs; `parts` closes them. */
export async function startClusters(
  { count, registry, effect, pace = paceOf(count), onError }: ClustersOptions,
  parts: AsyncDisposableStack,
): Promise<Fleet> {
  const gate = createGate(localGate(registry, effect));
  const clusters: Kube[] = [];
  for (let number = 1; number <= count; number += 1) {
    const cluster = await startKube({ name: `cluster-${number}`, admit: [gate] });
    parts.defer(() => cluster.close());
    seedSyncs(cluster.store, registry);
    clusters.push(cluster);
  }
  return {
    clusters,
    emulated: clusters,
    startSync: async () => startFleetSync({ clusters, pace, onError }, parts),
    // They are part of this process.
    failed: Promise.withResolvers<LocalWorldError>().promise,
  };
}

/** Config Sync of every cluster. */
export interface FleetSync {
  /** Pulls that failed are tried again now. */
  retryPulls(): void;
}

/** Starts the stand-in in every cluster; `parts` closes it. */
function startFleetSync(
  { clusters, pace, onError }: FleetSyncOptions,
  parts: AsyncDisposableStack,
): FleetSync {
  // Many that began at once would keep on asking at once.
  const spreadMs = clusters.length > FAST_CLUSTERS ? pace.attemptMs : 0;
  const running = clusters.map(({ name, url }, index) => {
    const startAfterMs = (index * spreadMs) / clusters.length;
    const sync = startConfigSync({ name, kubeUrl: url, pace, startAfterMs, onError });
    return parts.adopt(sync, () => sync.close());
  });
  return {
    retryPulls() {
      for (const sync of running) sync.retryPulls();
    },
  };
}

interface FleetSyncOptions {
  readonly clusters: readonly Kube[];
  readonly pace: Pace;
  readonly onError: (error: unknown) => void;
}

/** Fifteen times as fast as a real cluster: a push shows within seconds. */
const FAST: Pace = { pollMs: 1_000, attemptMs: 1_000, rolloutMs: 2_000 };
/** As many as one machine runs at that pace. */
const FAST_CLUSTERS = 60;
/** As a real cluster, where one machine cannot keep up otherwise. */
const SLOWEST = 15;

/** How fast Config Sync of `count` clusters runs, so that the machine is not busy with nothing else. */
export function paceOf(count: number): Pace {
  const factor = Math.min(Math.max(count / FAST_CLUSTERS, 1), SLOWEST);
  const slow = (milliseconds: number): number => Math.round(milliseconds * factor);
  return {
    pollMs: slow(FAST.pollMs),
    attemptMs: slow(FAST.attemptMs),
    rolloutMs: slow(FAST.rolloutMs),
  };
}
