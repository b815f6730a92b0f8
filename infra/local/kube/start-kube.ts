import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Admit } from './admission.ts';
import { createApp, type Forbid } from './app.ts';
import { seedCluster } from './seed-cluster.ts';
import type { InjectFault } from './fault.ts';
import { configSyncKinds, coreKinds } from './kinds.ts';
import { createStore, type Store } from './store.ts';

export interface KubeOptions {
  /** The cluster's name, for kubeconfig contexts and logs. */
  name: string;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  clock?: () => Date;
  /** Asked in turn about every create, update, delete; the local gate is one. */
  admit?: readonly Admit[];
  fault?: InjectFault;
  forbid?: Forbid;
  /** False for a cluster without Config Sync: neither its CRDs nor its API group exist. */
  configSync?: boolean;
  /** What the cluster says that it runs: `1.32.0`. */
  versions?: { kubernetes?: string; configSync?: string };
}

const KUBERNETES = '1.32.0';
const CONFIG_SYNC = '1.21.0';

export interface Kube {
  name: string;
  url: string;
  store: Store;
  /** Ends every connection, watches too, and frees the port. */
  close: () => Promise<void>;
}

/**
 * Starts the Kubernetes API of one cluster over plain HTTP: a test double for kubectl and
 * client-node that keeps the rules Countersign depends on (versions, admission, watches).
 */
export async function startKube(options: KubeOptions): Promise<Kube> {
  const { host = '127.0.0.1', port = 0, configSync = true, clock = () => new Date() } = options;
  const store = createStore({ clock });
  const { versions = {} } = options;
  seedCluster(store, configSync ? (versions.configSync ?? CONFIG_SYNC) : undefined);
  const kinds = configSync ? [...coreKinds, ...configSyncKinds] : coreKinds;
  const { admit = [], fault, forbid } = options;
  const version = versions.kubernetes ?? KUBERNETES;
  const app = createApp({ store, clock, kinds, version, admit, fault, forbid });
  const listener = getRequestListener(app.fetch);
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port');
  return {
    name: options.name,
    url: `http://${host}:${address.port}`,
    store,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
