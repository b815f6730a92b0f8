import { CountersignError, toFailure } from '#shared/core/errors.ts';
import { createSingleFlight } from '#shared/net/single-flight.ts';
import type { ClientDeps } from './client.ts';
import type { Fleet, Member, OpenApi } from './fleet.ts';
import { type ContextDeps, connectContext } from './kubeconfig/connect-context.ts';
import { type Loaded, loadKubeconfigs, stampOf } from './kubeconfig/load.ts';
import { readContext } from './kubeconfig/read-context.ts';

/** `fleet.kubeconfig` of the config file. */
export interface KubeconfigFleetOptions {
  /** A file, several by colons, or a folder of them. */
  readonly path: string;
  /** Which contexts are members; none: all. */
  readonly contexts: readonly string[];
  /** Labels by context: a kubeconfig has none of its own. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface KubeconfigFleetDeps extends ClientDeps, ContextDeps {
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
  /** Called where a changed file cannot be used: until it can, the fleet is what it was. */
  readonly onUnreadable: (problem: string) => void;
}

/** The fleet at one moment. */
interface Directory extends Loaded {
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
}

/** How old what is known of the files may be. */
const TTL_MS = 1_000;

/**
 * The fleet of a kubeconfig: each context is a member, under its own name. Files are read again when they have changed. A
 * missing file or context throws `bad-config` that names it; a context that cannot be used is a cluster that cannot be
 * reached, and concerns no other.
 *
 * @example
 * const options = { path: '/etc/countersign/kubeconfig', contexts: [], labels: {} };
 * const fleet = createKubeconfigFleet(options, deps, createClusterApi);
 * const { members } = await fleet.list();
 */
export function createKubeconfigFleet<Api>(
  options: KubeconfigFleetOptions,
  deps: KubeconfigFleetDeps,
  open: OpenApi<Api>,
): Fleet<Api> {
  const { now, onUnreadable } = deps;
  const join = createSingleFlight<Directory>();
  let known: Directory | undefined;
  let checkedAt = -Infinity;
  /** The last state of the files that could not be used. */
  let refused: string | undefined;

  async function reload(): Promise<Directory> {
    try {
      const loaded = await loadKubeconfigs(options.path);
      const members = membersOf(options, [...loaded.contexts.keys()]);
      return { ...loaded, members, byName: new Map(members.map((one) => [one.name, one])) };
    } catch (error) {
      const { message } = toFailure(error);
      if (known === undefined) throw error;
      if (refused !== message) onUnreadable(message);
      refused = message;
      return known;
    }
  }

  function current(): Promise<Directory> {
    return join('directory', async () => {
      if (known !== undefined && now() - checkedAt < TTL_MS) return known;
      const stamp = await stampOf(options.path).catch(() => undefined);
      if (known === undefined || stamp !== known.stamp) known = await reload();
      checkedAt = now();
      return known;
    });
  }

  return {
    list: async () => ({ members: (await current()).members, unreachable: [] }),
    find: async (cluster) => (await current()).byName.get(cluster),
    async connect({ name }) {
      const config = (await current()).contexts.get(name);
      if (config === undefined) {
        const message = `Context ${JSON.stringify(name)} is not in the kubeconfig any more`;
        throw new CountersignError('cluster-unreachable', message, { retry: false });
      }
      return open(name, connectContext(readContext(config, name), deps), deps);
    },
  };
}

function membersOf(
  { path, contexts, labels }: KubeconfigFleetOptions,
  known: readonly string[],
): readonly Member[] {
  const named = contexts.length === 0 ? known : [...new Set(contexts)];
  const missing = [...named, ...Object.keys(labels)].find((name) => !known.includes(name));
  if (missing !== undefined) {
    const problem = `Context ${JSON.stringify(missing)} of fleet.kubeconfig is not in ${path}`;
    throw new CountersignError('bad-config', problem);
  }
  return named.map((name) => ({ name, id: name, labels: labels[name] ?? {} }));
}
