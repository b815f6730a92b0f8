import type { Move, SimRegistry } from '../sim/registry.ts';
import type { SimCluster, SyncObject } from '../sim/cluster.ts';
import { keyOf } from '../sim/cluster.ts';
import type { PlannedCluster, PlannedImage } from '../world.ts';

/**
 * What the registry, the config and the clusters say, read by nothing of Countersign: this folder shares types with
 * it and not one function.
 */
/** What can be known of a registry, whichever it is. */
export type RegistryFacts = Pick<
  SimRegistry,
  'moves' | 'current' | 'signatures' | 'indexesOf' | 'isBad'
>;

/** What can be known of a cluster. */
export type ClusterFacts = Pick<SimCluster, 'plan' | 'member' | 'down' | 'objects' | 'writes'>;

export type TruthfulVerdict = 'verified' | 'unsigned' | 'untrusted' | 'unusable';

/** What a reader with the public key would find at that moment. An image is signed on itself or on an index of it. */
export function verdictAt(
  registry: RegistryFacts,
  repository: string,
  digest: string,
  at: number,
): TruthfulVerdict {
  const found = [digest, ...registry.indexesOf(repository, digest)]
    .flatMap((of) => registry.signatures(repository, of))
    .filter((signature) => signature.at <= at);
  if (found.some(({ key }) => key === 'release')) return 'verified';
  return found.length === 0 ? 'unsigned' : 'untrusted';
}

/** The verdict of what the tag leads to now. */
export function verdictOf(
  registry: RegistryFacts,
  image: PlannedImage,
  move: Move,
  at: number,
): TruthfulVerdict {
  return move.child === undefined
    ? 'unusable'
    : verdictAt(registry, image.repository, move.child, at);
}

/** The last move of the tag to this digest, by its place in the tag's history; -1 where it never led there. */
export function lastMoveTo(registry: RegistryFacts, reference: string, digest: string): number {
  return registry.moves(reference).findLastIndex(({ child }) => child === digest);
}

/** Whether the config makes this cluster follow this image. */
export function follows(cluster: PlannedCluster, image: PlannedImage): boolean {
  if (image.treated === 'none') return false;
  return image.treated !== 'prod-only' || cluster.labels['tier'] !== 'sandbox';
}

/** The image that an RSync was planned to be on, by its name. */
export function imageOf(cluster: PlannedCluster, key: string): PlannedImage | undefined {
  return cluster.syncs.find((sync) => keyOf(sync) === key)?.image;
}

export function approvedOf({ metadata }: SyncObject): readonly string[] | undefined {
  const value = metadata.annotations['countersign.dev/approved'];
  return value?.split(' ').filter((key) => key !== '');
}

/** What runs, as Config Sync says. */
export function liveOf({ status }: SyncObject): string | undefined {
  const { lastSyncedCommit = '' } = status;
  return lastSyncedCommit === '' ? undefined : `sha256:${lastSyncedCommit}`;
}

export function isStalled({ status }: SyncObject): boolean {
  return (
    status.conditions?.some((found) => found.type === 'Stalled' && found.status === 'True') ?? false
  );
}

/** Every RSync that exists in a cluster that can be reached. */
export function reachable(clusters: ReadonlyMap<string, ClusterFacts>): readonly {
  readonly cluster: ClusterFacts;
  readonly key: string;
  readonly object: SyncObject;
  readonly image: PlannedImage;
}[] {
  return [...clusters.values()]
    .filter(({ member, down }) => member && !down)
    .flatMap((cluster) =>
      [...cluster.objects].flatMap(([key, object]) => {
        const image = imageOf(cluster.plan, key);
        return image === undefined ? [] : [{ cluster, key, object, image }];
      }),
    );
}
