import { startConfigSync } from '../config-sync/start-config-sync.ts';
import type { Pace } from '../config-sync/pace.ts';
import { createGate } from '../gate-evaluation.ts';
import { type Kube, startKube } from '../kube/start-kube.ts';
import { type Effect, followedImages, LOCAL_ADMIN, SERVICE_IDENTITY } from './files.ts';
import { seedSyncs } from './syncs.ts';

/** Starts `count` clusters, each behind the gate and with its RSyncs; `parts` closes them. */
export async function startClusters(
  { count, registry, effect }: { count: number; registry: string; effect: Effect },
  parts: AsyncDisposableStack,
): Promise<Kube[]> {
  const gate = createGate({
    identity: SERVICE_IDENTITY,
    breakGlass: [LOCAL_ADMIN],
    mayHold: 'countersign',
    images: [{ match: followedImages(registry), effect }],
    unmatched: 'deny',
    otherSources: 'deny',
  });
  const clusters: Kube[] = [];
  for (let number = 1; number <= count; number += 1) {
    const cluster = await startKube({ name: `cluster-${number}`, admit: [gate] });
    parts.defer(() => cluster.close());
    seedSyncs(cluster.store, registry);
    clusters.push(cluster);
  }
  return clusters;
}

/** Config Sync of every cluster. */
export interface FleetSync {
  /** Pulls that failed are tried again now. */
  retryPulls(): void;
}

/** Starts Config Sync in every cluster; `parts` closes it. */
export function startFleetSync(
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
