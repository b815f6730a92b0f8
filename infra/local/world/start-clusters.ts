import { createGate } from '../gate-evaluation.ts';
import { type Kube, startKube } from '../kube/start-kube.ts';
import { type Effect, followedImages } from './describe-config.ts';
import { LOCAL_ADMIN, SERVICE_IDENTITY } from './identities.ts';
import { seedSyncs } from './seed-syncs.ts';

/** Starts `count` clusters, each behind the gate and with its RSyncs; `parts` closes them. */
export async function startClusters(
  {
    count,
    registry,
    effect,
  }: { readonly count: number; readonly registry: string; readonly effect: Effect },
  parts: AsyncDisposableStack,
): Promise<Kube[]> {
  const gate = createGate({
    identity: SERVICE_IDENTITY,
    breakGlass: [LOCAL_ADMIN],
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
