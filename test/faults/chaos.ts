import type { Journal } from './journal.ts';
import type { Outage } from './oracle/check-reports.ts';
import type { CallWatch } from './oracle/watch-calls.ts';
import type { Random } from './random.ts';
import type { Clock } from './sim/clock.ts';
import { type SimCluster, keyOf } from './sim/cluster.ts';
import { runConfigSync } from './sim/config-sync.ts';
import type { SimRegistry } from './sim/registry.ts';
import type { SimStore } from './sim/store.ts';
import type { Plan, PlannedSync } from './world.ts';

/** What befalls the world beside the functions: outages, members that come and go, objects and stores that vanish. */
export interface Chaos {
  start(): void;
  /** Ends every trouble: what is out comes back. */
  stop(): void;
  registryIsUp(): boolean;
  /** Ended ones, with the clusters that were members all the while. */
  readonly outages: readonly Outage[];
  readonly leavings: readonly { readonly cluster: string; readonly at: number }[];
}

export interface ChaosDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  readonly plan: Plan;
  readonly registry: SimRegistry;
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly store: SimStore;
  readonly calls: CallWatch;
  readonly faulty: () => boolean;
}

const MINUTE = 60_000;
/** Mean times to trouble, and of trouble: per cluster, except for the registry and the store. */
const OUT = { every: 50 * MINUTE, lasts: 14 * MINUTE };
const GONE = { every: 120 * MINUTE, lasts: 12 * MINUTE };
const PAUSED = { every: 60 * MINUTE, lasts: 6 * MINUTE };
const RECREATED = { every: 40 * MINUTE, lasts: 2 * MINUTE };
const REGISTRY_OUT = { every: 45 * MINUTE, lasts: 3 * MINUTE };
const STORE_LOST_EVERY = 60 * MINUTE;
/** Clusters that join while the campaign runs. */
const LATE_EVERY = 8;
const LATE_MS = 30 * MINUTE;

export function createChaos(deps: ChaosDeps): Chaos {
  const { clock, random, journal, clusters, store, calls, faulty } = deps;
  const outages: Outage[] = [];
  const leavings: { cluster: string; at: number }[] = [];
  let registryUp = true;
  let stopped = false;

  /** `begin` again and again, and `end` some time after each. */
  function trouble(every: number, lasts: number, begin: () => void, end: () => void): void {
    clock.after(random.waiting(every), () => {
      if (stopped) return;
      begin();
      clock.after(random.waiting(lasts), () => {
        end();
        trouble(every, lasts, begin, end);
      });
    });
  }

  function create(cluster: SimCluster, { kind, namespace, name, image }: PlannedSync): void {
    const spec = { sourceType: 'oci', oci: { image: image.reference } } as const;
    const object = cluster.create({ kind, metadata: { namespace, name }, spec, status: {} });
    journal.step(
      `${cluster.plan.name} ${keyOf({ kind, namespace, name })}`,
      `is created as ${object.metadata.uid}`,
    );
    runConfigSync(cluster, object, { ...deps, faulty });
  }

  function troubleCluster(cluster: SimCluster): void {
    const { name } = cluster.plan;
    const say = (what: string): void => journal.step(`cluster ${name}`, what);
    let from = 0;
    trouble(
      OUT.every,
      OUT.lasts,
      () => {
        cluster.down = true;
        // A cluster that is no member is not looked at.
        from = cluster.member ? clock.now() : 0;
        journal.count('cluster outages');
        say('cannot be reached');
      },
      () => {
        if (!cluster.down) return;
        cluster.down = false;
        if (from > 0) outages.push({ cluster: name, from, to: clock.now() });
        say('can be reached again');
      },
    );
    trouble(
      GONE.every,
      GONE.lasts,
      () => {
        cluster.member = false;
        leavings.push({ cluster: name, at: clock.now() });
        // What was published before counts no more, nor does an outage that is not seen to its end.
        from = 0;
        clock.after(2 * MINUTE, () => {
          if (!cluster.member) calls.left(name);
        });
        say('leaves the fleet');
      },
      () => {
        cluster.member = true;
        calls.joined(name);
        say('joins the fleet');
      },
    );
    trouble(
      PAUSED.every,
      PAUSED.lasts,
      () => {
        cluster.pausedUntil = Number.POSITIVE_INFINITY;
        say('Config Sync stands still');
      },
      () => {
        cluster.pausedUntil = 0;
        say('Config Sync goes on');
      },
    );
    let missing: PlannedSync | undefined;
    trouble(
      RECREATED.every,
      RECREATED.lasts,
      () => {
        if (cluster.plan.syncs.length === 0) return;
        missing = random.pick(cluster.plan.syncs);
        cluster.remove(keyOf(missing));
        journal.count('RSyncs deleted');
        journal.step(`${name} ${keyOf(missing)}`, 'is deleted');
      },
      () => {
        if (missing !== undefined) create(cluster, missing);
        missing = undefined;
      },
    );
    ends.push(() => {
      if (missing !== undefined) create(cluster, missing);
      missing = undefined;
      if (cluster.down && from > 0) outages.push({ cluster: name, from, to: clock.now() });
      calls.joined(name);
      Object.assign(cluster, { down: false, member: true, pausedUntil: 0 });
    });
  }

  const ends: (() => void)[] = [];
  return {
    outages,
    leavings,
    registryIsUp: () => registryUp,
    start() {
      for (const [index, cluster] of [...clusters.values()].entries()) {
        for (const sync of cluster.plan.syncs) create(cluster, sync);
        if (index % LATE_EVERY === LATE_EVERY - 1) {
          cluster.member = false;
          clock.after(LATE_MS, () => {
            cluster.member = true;
            calls.joined(cluster.plan.name);
          });
        }
        troubleCluster(cluster);
      }
      trouble(
        REGISTRY_OUT.every,
        REGISTRY_OUT.lasts,
        () => (registryUp = false),
        () => (registryUp = true),
      );
      trouble(
        STORE_LOST_EVERY,
        0,
        () => {
          store.lose(clock.now());
          journal.count('store losses');
          journal.step('world', 'the store is lost');
        },
        () => undefined,
      );
    },
    stop() {
      stopped = true;
      registryUp = true;
      for (const end of ends) end();
    },
  };
}
