import type { Digest } from '#shared/core/digest.ts';
import { approvedOf, imageOf } from '#test/faults/oracle/truth.ts';
import type { World } from '../world.ts';
import { type ImageStatus, statusOf } from './image-truth.ts';
import { type Past, createPast } from './stretches.ts';
import { type SyncMemory, type SyncTruth, receiptOf, truthOf } from './sync-truth.ts';

/** What an image's tag is. */
export interface TagTruth {
  readonly status: ImageStatus;
  readonly digest?: string;
  /** The registry answers, and some cluster that follows it is in reach. */
  readonly seen: boolean;
}

/** What a digest is, and under which policy. */
export interface DigestTruth {
  readonly status: ImageStatus;
  readonly policy: string;
}

/** One RSync while it is there. */
export interface SyncPast {
  readonly uid: string;
  readonly cluster: string;
  readonly key: string;
  /** `out of reach`: its cluster is, or the registry. */
  readonly past: Past<SyncTruth | 'out of reach'>;
  /** When it was deleted. */
  goneAt: number | undefined;
}

/** Sees everything, all the time, and nothing of what Countersign remembers or says. */
export interface Observer {
  look(): void;
  readonly syncs: ReadonlyMap<string, SyncPast>;
  /** By reference. */
  readonly tags: ReadonlyMap<string, Past<TagTruth>>;
  /** By `<repository>@<digest>`. */
  readonly digests: ReadonlyMap<string, Past<DigestTruth>>;
  readonly clusters: ReadonlyMap<string, Past<'reachable' | 'unreachable'>>;
  readonly brake: Past<'braked' | 'released' | 'unknown'>;
  /** Whether calls of the functions fail. */
  readonly failing: Past<boolean>;
  readonly policy: Past<string>;
  /** The truth of an RSync at this moment. */
  now(uid: string): SyncTruth | 'out of reach' | undefined;
}

/** Longer than a good verdict is kept in memory. */
export const MEMORY_MS = 61 * 60_000;

export function createObserver(openWorld: () => World): Observer {
  const syncs = new Map<string, SyncPast>();
  const memories = new Map<string, SyncMemory>();
  const tags = new Map<string, Past<TagTruth>>();
  const digests = new Map<string, Past<DigestTruth>>();
  const clusters = new Map<string, Past<'reachable' | 'unreachable'>>();
  const brake = createPast<'braked' | 'released' | 'unknown'>();
  const failing = createPast<boolean>();
  const policy = createPast<string>();

  /** Its signature has vanished, and a function may have the good verdict in memory still. */
  function isRemembered(repository: string, digest: string | undefined, now: number): boolean {
    const past = digests.get(`${repository}@${digest}`);
    const last = past?.stretches.at(-1)?.what;
    if (past === undefined || last?.status === 'verified') return false;
    return past
      .during(now - MEMORY_MS, now)
      .some(({ status, policy: under }) => status === 'verified' && under === last?.policy);
  }

  function lookAtImages({ plan, registry, trust, clock, clusters: all, weather }: World): void {
    for (const { repository, reference } of plan.images) {
      const current = registry.current(reference);
      const tops = registry.moves(reference).flatMap(({ top, child }) => child ?? top);
      for (const digest of new Set(tops)) {
        const status = statusOf({ registry, trust }, repository, digest);
        pastOf(digests, `${repository}@${digest}`).see(
          { status, policy: trust.now() },
          clock.now(),
        );
      }
      const child = current?.child;
      const status =
        child === undefined ? 'unusable' : statusOf({ registry, trust }, repository, child);
      const digest = child === undefined ? {} : { digest: child };
      const followed = plan.places.some(
        ({ sync, cluster }) => sync.image.reference === reference && !all.get(cluster)?.down,
      );
      const seen = followed && weather.registryUp && !isRemembered(repository, child, clock.now());
      pastOf(tags, reference).see({ status, ...digest, seen }, clock.now());
    }
  }

  function lookAtSyncs(world: World): void {
    const { clusters: all, clock, registry, trust, plan, weather } = world;
    const present = new Set<string>();
    for (const cluster of all.values()) {
      for (const [key, object] of cluster.objects) {
        const image = imageOf(cluster.plan, key);
        if (image === undefined) continue;
        const { uid } = object.metadata;
        present.add(uid);
        const target: Digest | undefined = registry.current(image.reference)?.child;
        const memory = memories.get(uid) ?? { approved: { key: '', since: 0 }, waiting: undefined };
        memories.set(uid, memory);
        const truth = truthOf({
          object,
          image,
          reachable: !cluster.down && weather.registryUp,
          target,
          verdict:
            target === undefined
              ? 'unusable'
              : statusOf({ registry, trust }, image.repository, target),
          policy: trust.hash(),
          memory,
          times: plan.times,
          now: clock.now(),
        });
        const known = syncs.get(uid) ?? {
          uid,
          cluster: cluster.plan.name,
          key,
          past: createPast<SyncTruth | 'out of reach'>(),
          goneAt: undefined,
        };
        syncs.set(uid, known);
        const seen =
          !cluster.down &&
          weather.registryUp &&
          !isRemembered(image.repository, target, clock.now());
        known.past.see(seen ? truth : 'out of reach', clock.now());
      }
    }
    for (const sync of syncs.values()) {
      if (!present.has(sync.uid)) sync.goneAt ??= clock.now();
    }
  }

  return {
    look() {
      const now = openWorld();
      const { clock, weather, trust, clusters: all } = now;
      failing.see(!weather.registryUp || weather.rates.failure > 0, clock.now());
      policy.see(trust.now(), clock.now());
      for (const { plan, down } of all.values()) {
        pastOf(clusters, plan.name).see(down ? 'unreachable' : 'reachable', clock.now());
      }
      lookAtImages(now);
      lookAtSyncs(now);
      brake.see(brakeOf(now), clock.now());
    },
    syncs,
    tags,
    digests,
    clusters,
    brake,
    failing,
    policy,
    now: (uid) => syncs.get(uid)?.past.stretches.at(-1)?.what,
  };
}

/** Whether a changed policy would cost more approvals than the brake allows. Unknown while a cluster is out of reach. */
function brakeOf({
  clusters,
  registry,
  trust,
  plan,
  weather,
}: World): 'braked' | 'released' | 'unknown' {
  if (!weather.registryUp || [...clusters.values()].some(({ down }) => down)) return 'unknown';
  let approved = 0;
  let losing = 0;
  for (const cluster of clusters.values()) {
    for (const [key, object] of cluster.objects) {
      const image = imageOf(cluster.plan, key);
      const [newest] = approvedOf(object) ?? [];
      if (image === undefined || newest === undefined) continue;
      approved += 1;
      const { policy, digest } = receiptOf(object);
      if (policy === trust.hash() || digest !== newest || !isDigestOf(newest)) continue;
      if (statusOf({ registry, trust }, image.repository, newest) !== 'verified') losing += 1;
    }
  }
  return losing > plan.times.withdrawBrake * approved ? 'braked' : 'released';
}

function isDigestOf(text: string): text is Digest {
  return text.startsWith('sha256:');
}

function pastOf<T>(pasts: Map<string, Past<T>>, key: string): Past<T> {
  const past = pasts.get(key) ?? createPast<T>();
  pasts.set(key, past);
  return past;
}
