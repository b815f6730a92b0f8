import { liveOf } from '../oracle/truth.ts';
import type { Clock } from '../sim/clock.ts';
import type { SimCluster, SyncObject } from '../sim/cluster.ts';
import { keyOf } from '../sim/cluster.ts';

/**
 * What the API servers have held of each RSync, and when: what was live on it, and when it was no part of a stage (held,
 * absent, on another image, its cluster no member). Read by nothing of Countersign.
 */
export interface StageHistory {
  /** An API server holds this now; undefined: the object is gone. */
  written(cluster: SimCluster, key: string, object: SyncObject | undefined): void;
  /** Whether the digest was live there at some moment from `from` on, and had come by `until`. */
  wasLive(subject: string, digest: string, span: { from: number; until: number }): boolean;
  /** Whether it was no part of its stage at some moment since. */
  wasAway(subject: string, since: number): boolean;
  stop(): void;
}

interface Stretch {
  readonly digest: string;
  readonly from: number;
  to: number;
}

export const HOLD = 'countersign.dev/hold';
/**
 * A look at a cluster may be so old: what was away then counts as away for so long. The period of sweeps, and a task that
 * lies unread.
 */
export const LOOK_AGE_MS = 21 * 60_000;
const LOOK_AT_MEMBERS_MS = 2_000;

export function createStageHistory(
  clusters: () => Iterable<SimCluster>,
  { clock }: { readonly clock: Clock },
): StageHistory {
  const live = new Map<string, Stretch[]>();
  /** Until when it was away; Infinity: it is. */
  const away = new Map<string, number>();
  let stopped = false;

  function mark(subject: string, isAway: boolean): void {
    if (isAway) away.set(subject, Number.POSITIVE_INFINITY);
    else if (away.get(subject) === Number.POSITIVE_INFINITY) away.set(subject, clock.now());
  }

  function look(cluster: SimCluster, key: string): void {
    const planned = cluster.plan.syncs.find((sync) => keyOf(sync) === key);
    const object = cluster.get(key);
    const { reference = '' } = planned?.image ?? {};
    const { image } = object?.spec.oci ?? { image: '' };
    const isOn = image === reference || image.startsWith(`${reference}@`);
    const held = object?.metadata.annotations[HOLD] !== undefined;
    const subject = `${cluster.plan.name} ${key}`;
    // While nothing can be seen of it, it is taken for what it was when it was seen last.
    const wasAway = cluster.down && (away.get(subject) ?? -1) >= clock.now() - LOOK_AGE_MS;
    mark(subject, !cluster.member || !isOn || held || wasAway);
  }

  function lookAtAll(): void {
    if (stopped) return;
    for (const cluster of clusters()) {
      for (const sync of cluster.plan.syncs) look(cluster, keyOf(sync));
    }
    clock.after(LOOK_AT_MEMBERS_MS, lookAtAll);
  }
  clock.after(0, lookAtAll);

  return {
    written(cluster, key, object) {
      const subject = `${cluster.plan.name} ${key}`;
      const stretches = live.get(subject) ?? [];
      const last = stretches.at(-1);
      const now = object && liveOf(object);
      if (last?.to === Number.POSITIVE_INFINITY && last.digest !== now) last.to = clock.now();
      if (now !== undefined && last?.digest !== now)
        stretches.push({ digest: now, from: clock.now(), to: Number.POSITIVE_INFINITY });
      else if (now !== undefined && last !== undefined && last.to !== Number.POSITIVE_INFINITY)
        stretches.push({ digest: now, from: clock.now(), to: Number.POSITIVE_INFINITY });
      live.set(subject, stretches);
      look(cluster, key);
    },
    wasLive: (subject, digest, { from, until }) =>
      live
        .get(subject)
        ?.some((one) => one.digest === digest && one.from <= until && one.to >= from) ?? false,
    wasAway: (subject, since) => (away.get(subject) ?? -1) >= since,
    stop() {
      stopped = true;
    },
  };
}
