import { CountersignError } from '#shared/core/errors.ts';
import type { ClusterApi } from '#shared/fleet/cluster-api.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';
import { type PatchLike, type SimCluster, type SyncObject, keyOf } from '../sim/cluster.ts';
import type { Process } from '../sim/process.ts';

/** Sees every call that reaches a cluster, at the moment it takes effect. */
export interface ClusterObserver {
  called(cluster: string, verb: 'list' | 'get' | 'patch', by: string): void;
  patched(cluster: SimCluster, change: PatchSeen): void;
}

export interface PatchSeen {
  readonly key: string;
  readonly before: SyncObject;
  readonly after: SyncObject;
  readonly body: PatchLike;
  readonly by: string;
}

interface FleetPortDeps {
  readonly clusters: ReadonlyMap<string, SimCluster>;
  readonly observer: ClusterObserver;
}

/** The fleet as one process sees it: members come and go, and not every member can be reached. */
export function createFleetPort(
  process: Pick<Process, 'call' | 'name'>,
  { clusters, observer }: FleetPortDeps,
): Fleet {
  const memberOf = ({ plan }: SimCluster): Member => ({
    name: plan.name,
    id: plan.name.slice(plan.name.lastIndexOf('/') + 1),
    labels: plan.labels,
  });
  return {
    list: () =>
      process.call('fleet', () => ({
        members: [...clusters.values()].filter(({ member }) => member).map(memberOf),
        unreachable: [],
      })),
    find: (name) =>
      process.call('fleet', () => {
        const cluster = clusters.get(name);
        return cluster?.member === true ? memberOf(cluster) : undefined;
      }),
    connect: async ({ name }) => createApi(process, name, { clusters, observer }),
  };
}

function createApi(
  process: Pick<Process, 'call' | 'name'>,
  name: string,
  { clusters, observer }: FleetPortDeps,
): ClusterApi {
  function reach<T>(
    verb: 'list' | 'get' | 'patch',
    effect: (cluster: SimCluster) => T,
  ): Promise<T> {
    return process.call('cluster', () => {
      observer.called(name, verb, process.name);
      const cluster = clusters.get(name);
      if (cluster === undefined || cluster.down) {
        throw new CountersignError('cluster-unreachable', `Cluster ${name} does not answer`);
      }
      return effect(cluster);
    });
  }
  return {
    cluster: name,
    list: (kind) =>
      reach('list', ({ objects }) => ({
        items: [...objects.values()].filter((object) => object.kind === kind),
      })),
    get: (ref) => reach('get', (cluster): unknown => cluster.get(keyOf(ref))),
    patch: (ref, body) =>
      reach('patch', (cluster) => {
        const key = keyOf(ref);
        // Our own merge patch, just built: the observer checks what it is made of.
        const patch = body as PatchLike;
        observer.patched(cluster, {
          ...cluster.patch(key, patch),
          key,
          body: patch,
          by: process.name,
        });
      }),
    discover: () => reach('list', () => true),
    describe: async () => ({}),
  };
}
