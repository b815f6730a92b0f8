import type { Clock } from '../sim/clock.ts';
import type { SyncObject } from '../sim/cluster.ts';
import { name } from '../sim/registry.ts';
import type { PlannedImage } from '../world.ts';
import {
  type ClusterFacts,
  type RegistryFacts,
  approvedOf,
  follows,
  liveOf,
  reachable,
  verdictAt,
} from './truth.ts';
import type { Verdicts } from './violations.ts';

export interface FinalStateDeps {
  readonly clock: Pick<Clock, 'now'>;
  readonly registry: RegistryFacts;
  readonly clusters: ReadonlyMap<string, ClusterFacts>;
  readonly verdicts: Verdicts;
}

/** Check 1, and once more check 2: where everything stands when nothing has happened for long enough. */
export function checkFinalState(deps: FinalStateDeps): void {
  const { clusters, verdicts } = deps;
  for (const { cluster, key, object, image } of reachable(clusters)) {
    const problem = problemOf(cluster, object, image, deps);
    if (problem === undefined) continue;
    verdicts.violate(
      '1 every RSync ends where registry and policy say',
      `${cluster.plan.name} ${key} ${problem}`,
      [`${cluster.plan.name} ${key}`, `cluster ${cluster.plan.name}`, `image ${image.reference}`],
    );
  }
}

function problemOf(
  cluster: ClusterFacts,
  object: SyncObject,
  image: PlannedImage,
  { clock, registry }: FinalStateDeps,
): string | undefined {
  const approved = approvedOf(object);
  if (!follows(cluster.plan, image)) {
    return approved === undefined ? undefined : 'is approved, and no image of ours';
  }
  const isVerified = (digest: string): boolean =>
    verdictAt(registry, image.repository, digest, clock.now()) === 'verified';
  const unverified = approved?.find((digest) => !isVerified(digest));
  if (unverified !== undefined) return `is approved for ${name(unverified)}, which does not verify`;
  const target = registry.current(image.reference)?.child;
  if (target === undefined || !isVerified(target)) return undefined;
  const held = image.treated === 'deny' && approved?.slice(1).includes(target) === true;
  if (held) return undefined;
  if (approved?.[0] !== target)
    return `is approved for ${name(approved?.[0])}, not for ${name(target)}`;
  if (image.treated === 'pin' && object.spec.oci.image !== `${image.reference}@${target}`) {
    return `is on ${object.spec.oci.image}, not pinned to ${name(target)}`;
  }
  const live = liveOf(object);
  if (live !== target && !registry.isBad(target)) return `runs ${name(live)}, not ${name(target)}`;
  const announced = object.metadata.annotations['configsync.gke.io/image-to-sync'];
  return announced === `${object.spec.oci.image}@${target}` ? undefined : `announces ${announced}`;
}
