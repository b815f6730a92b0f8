import { CountersignError } from '#shared/core/errors.ts';
import { type ClientDeps, createClusterApi, loadKubernetes } from './client.ts';
import type { Fleet, Member } from './fleet.ts';
import { connectContext, parseCredentials } from './kubeconfig-connection.ts';
import { type Kubeconfig, readKubeconfig } from './read-kubeconfig.ts';

/** `fleet.kubeconfig` of the config file. */
export interface KubeconfigFleetOptions {
  readonly path: string;
  /** Which contexts are members; none: all. */
  readonly contexts: readonly string[];
  /** Labels by context: a kubeconfig has none of its own. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The fleet of a kubeconfig: each context is a member, under its own name. The file is read once, at the first call;
 * a changed one takes a restart. A missing file or context throws `bad-config` that names it.
 */
export function createKubeconfigFleet(options: KubeconfigFleetOptions, deps: ClientDeps): Fleet {
  const opened = once(() => open(options));
  const credentials = once(async () => {
    const [kubernetes, { kubeconfig }] = await Promise.all([loadKubernetes(), opened()]);
    return { kubernetes, whole: parseCredentials(kubernetes, kubeconfig) };
  });
  return {
    async list() {
      const { members } = await opened();
      return { members, unreachable: [] };
    },
    async find(cluster) {
      const { byName } = await opened();
      return byName.get(cluster);
    },
    async connect({ name }) {
      const { kubernetes, whole } = await credentials();
      return createClusterApi(name, connectContext(kubernetes, whole, name), deps);
    },
  };
}

interface Opened {
  readonly kubeconfig: Kubeconfig;
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
}

async function open({ path, contexts, labels }: KubeconfigFleetOptions): Promise<Opened> {
  const kubeconfig = await readKubeconfig(path);
  const named = contexts.length === 0 ? kubeconfig.contexts : [...new Set(contexts)];
  for (const name of [...named, ...Object.keys(labels)]) {
    if (!kubeconfig.contexts.includes(name)) {
      throw new CountersignError(
        'bad-config',
        `Context ${JSON.stringify(name)} of fleet.kubeconfig is not in ${path}`,
      );
    }
  }
  const members = named.map((name) => ({ name, id: name, labels: labels[name] ?? {} }));
  return { kubeconfig, members, byName: new Map(members.map((member) => [member.name, member])) };
}

/** `make`, run once for all callers; a failure is not kept, for a file may appear. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
