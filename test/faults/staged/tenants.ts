import type { Brokers } from '../brokers.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Clock } from '../sim/clock.ts';
import { type SimCluster, keyOf } from '../sim/cluster.ts';
import { type SimRegistry, name } from '../sim/registry.ts';
import type { PlannedSync } from '../world.ts';
import { HOLD } from './stage-history.ts';

/**
 * Owners of single clusters: they hold an RSync, and let it go; and they want what is new before their turn, by another
 * tag, by a digest in the spec, by a task that asks for it.
 */
export interface Tenants {
  start(): void;
  /** Every hold is lifted, and every spec is as it was. */
  stop(): void;
}

export interface TenantsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly registry: SimRegistry;
  readonly brokers: Pick<Brokers, 'publishTasks'>;
}

const MINUTE = 60_000;
const HOLD_EVERY_MS = 90 * MINUTE;
const MOVE_EVERY_MS = 120 * MINUTE;
const ASK_EVERY_MS = 10 * MINUTE;
const LEAST_MS = MINUTE;
const LASTS_MS = 10 * MINUTE;
const OTHER_TAG = 'other';

export function createTenants(deps: TenantsDeps): Tenants {
  const { clock, random, journal, clusters, registry, brokers } = deps;
  const undone = new Set<() => void>();
  let stopped = false;

  /** Again and again: `begin`, and some time later the end that it returns. */
  function trouble(every: number, begin: () => (() => void) | undefined): void {
    clock.after(random.waiting(every), () => {
      if (stopped) return;
      const end = begin();
      if (end !== undefined) undone.add(end);
      clock.after(LEAST_MS + random.waiting(LASTS_MS), () => {
        if (end !== undefined && undone.delete(end)) end();
        trouble(every, begin);
      });
    });
  }

  function pick(cluster: SimCluster): PlannedSync | undefined {
    const staged = cluster.plan.syncs.filter(({ image }) => image.staged !== undefined);
    return staged.length === 0 ? undefined : random.pick(staged);
  }

  function note(cluster: SimCluster, key: string, what: string): void {
    journal.step(`${cluster.plan.name} ${key}`, `its owner ${what}`);
  }

  function hold(cluster: SimCluster): (() => void) | undefined {
    const sync = pick(cluster);
    if (sync === undefined || cluster.get(keyOf(sync)) === undefined) return undefined;
    const key = keyOf(sync);
    const set = (value: string | null, what: string): void => {
      if (cluster.get(key) === undefined) return;
      cluster.patch(key, { metadata: { annotations: { [HOLD]: value } } });
      note(cluster, key, what);
    };
    journal.count('holds');
    set('- owner@acme.example not now', 'holds it');
    return () => set(null, 'releases it');
  }

  /** The newest digest of its image, under a name that no roll-out is about. */
  function move(cluster: SimCluster): (() => void) | undefined {
    const sync = pick(cluster);
    if (sync === undefined) return undefined;
    const key = keyOf(sync);
    const { repository, reference } = sync.image;
    const newest = registry.current(reference);
    if (cluster.get(key) === undefined || newest?.child === undefined) return undefined;
    const other = `${repository}:${OTHER_TAG}`;
    const byTag = random.chance(0.5);
    if (byTag) registry.moveTag(other, newest);
    const set = (image: string, what: string): void => {
      if (cluster.get(key) === undefined) return;
      cluster.patch(key, { spec: { oci: { image } } });
      note(cluster, key, what);
    };
    journal.count('specs moved by tenants');
    set(byTag ? other : `${repository}@${newest.child}`, `wants ${name(newest.child)} at once`);
    return () => set(reference, 'puts its tag back');
  }

  /** `POST /v1/resync` with a digest, or a forged task. */
  function ask(cluster: SimCluster): undefined {
    const sync = pick(cluster);
    const digest = sync && registry.current(sync.image.reference)?.child;
    if (sync === undefined || digest === undefined) return;
    journal.count('digests asked for ahead');
    brokers.publishTasks('tasks', [
      {
        cluster: cluster.plan.name,
        reason: 'resync',
        image: sync.image.reference,
        digest,
        actor: 'eager@acme.example',
        id: `ahead-${random.next()}`,
      },
    ]);
  }

  return {
    start() {
      for (const cluster of clusters.values()) {
        trouble(HOLD_EVERY_MS, () => hold(cluster));
        trouble(MOVE_EVERY_MS, () => move(cluster));
        trouble(ASK_EVERY_MS, () => ask(cluster));
      }
    },
    stop() {
      stopped = true;
      for (const end of undone) end();
      undone.clear();
    },
  };
}
