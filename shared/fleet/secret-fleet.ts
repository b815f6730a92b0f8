import { CountersignError } from '#shared/core/errors.ts';
import type { ClientDeps } from './client.ts';
import { createDirectory } from './directory.ts';
import type { Fleet, Member, OpenApi } from './fleet.ts';
import { type ContextDeps, connectContext } from './kubeconfig/connect-context.ts';
import { ARGOCD_SELECTOR, readArgocdSecret } from './secrets/argocd.ts';
import { CLUSTER_API_SELECTOR, readClusterApiSecret } from './secrets/cluster-api.ts';
import { contextOf, type FoundCluster, type PluginRules } from './secrets/found-cluster.ts';
import type { ManagementApi } from './secrets/management-api.ts';

/** `fleet.argocd` or `fleet.clusterApi` of the config file. */
export interface SecretFleetOptions extends PluginRules {
  readonly type: 'argocd' | 'clusterApi';
  /** Absent: all of them. */
  readonly namespace?: string;
  /** Whether a cluster with these labels is a member; absent: every one is. */
  readonly selects?: (labels: Member['labels']) => boolean;
}

export interface SecretFleetDeps extends ClientDeps, ContextDeps {
  /** The client of the cluster that has the Secrets. */
  readonly management: () => Promise<ManagementApi>;
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
  /** Called with each Secret that had to be left out, with each listing. */
  readonly onUnreadable: (problem: string) => void;
}

interface Listed extends FoundCluster {
  /** Another Secret of the same name: which of them is meant nothing says, and any writer of Secrets may add one. */
  readonly rival?: string;
}

type Listing = ReadonlyMap<string, Listed>;

/**
 * The fleet that Argo CD or Cluster API knows by its Secrets in one cluster, listed anew every 30 seconds at the most. A
 * cluster whose Secret cannot be used, or that has two, cannot be reached, and concerns no other. Needs `list` on these Secrets, and for
 * Cluster API on its Clusters.
 *
 * @example
 * const options = { type: 'argocd', namespace: 'argocd', plugins: [], pluginServers: [] } as const;
 * const fleet = createSecretFleet(options, deps, createClusterApi);
 * const { members } = await fleet.list();
 */
export function createSecretFleet<Api>(
  options: SecretFleetOptions,
  deps: SecretFleetDeps,
  open: OpenApi<Api>,
): Fleet<Api> {
  const { selects = () => true } = options;
  const directory = createDirectory(load, deps);

  async function load(): Promise<Listing> {
    const all = new Map<string, Listed>();
    for (const found of await readAll(await deps.management(), options)) {
      if (typeof found === 'string') {
        deps.onUnreadable(found);
        continue;
      }
      const { name } = found.member;
      const first = all.get(name);
      if (first === undefined) {
        all.set(name, found);
        continue;
      }
      const [kept, rival] = selects(first.member.labels) ? [first, found] : [found, first];
      all.set(name, { ...kept, rival: rival.secret });
      deps.onUnreadable(sayRival(name, first.secret, found.secret));
    }
    return new Map([...all].filter(([, { member }]) => selects(member.labels)));
  }

  async function find(name: string): Promise<Listed | undefined> {
    return (await directory.current()).get(name) ?? (await directory.afterMiss()).get(name);
  }

  return {
    list: async () => ({
      members: [...(await directory.current()).values()].map(({ member }) => member),
      unreachable: [],
    }),
    find: async (cluster) => (await find(cluster))?.member,
    async connect({ name }) {
      const found = await find(name);
      if (found === undefined) {
        throw new CountersignError('cluster-not-found', `Cluster ${name} has left the fleet`);
      }
      const { secret, rival } = found;
      const context =
        rival === undefined ? contextOf(found, options) : sayRival(name, secret, rival);
      if (typeof context !== 'string') {
        return open(name, connectContext(context, deps), deps);
      }
      const message = `Cluster ${JSON.stringify(name)} cannot be used: ${context}`;
      throw new CountersignError('cluster-unreachable', message, { retry: false });
    },
  };
}

function sayRival(name: string, one: string, other: string): string {
  return `Secrets ${one} and ${other} are both of cluster ${JSON.stringify(name)}; remove one of them, or its name`;
}

async function readAll(
  api: ManagementApi,
  { type, namespace }: SecretFleetOptions,
): Promise<readonly (FoundCluster | string)[]> {
  if (type === 'argocd') {
    return (await api.secrets(ARGOCD_SELECTOR, namespace)).map(readArgocdSecret);
  }
  const [secrets, clusters] = await Promise.all([
    api.secrets(CLUSTER_API_SELECTOR, namespace),
    api.clusters(namespace),
  ]);
  return secrets.flatMap((secret) => readClusterApiSecret(secret, clusters) ?? []);
}
