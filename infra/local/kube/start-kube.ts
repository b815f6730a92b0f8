import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { listen, type Listening } from '../listen.ts';
import { createApp, type Intercept } from './app.ts';
import { configSyncKinds, coreKinds } from './kinds.ts';
import { type Crd, crds } from './schemas.ts';
import { type KubeObject, createStore, type Store } from './store.ts';
import type { Admit } from './request.ts';

export interface KubeOptions {
  /** The cluster's name, for kubeconfig contexts and logs. */
  name: string;
  /** 0 takes any free port. */
  port?: number;
  clock?: () => Date;
  /** Asked in turn about every create, update, delete; the local gate is one. */
  admit?: readonly Admit[];
  intercept?: Intercept;
  /** False for a cluster without Config Sync: neither its CRDs nor its API group exist. */
  configSync?: boolean;
  /** What the cluster says that it runs: `1.32.0`. */
  versions?: { kubernetes?: string; configSync?: string };
}

const KUBERNETES = '1.32.0';
const CONFIG_SYNC = '1.21.0';

export interface Kube extends Pick<Listening, 'close'> {
  name: string;
  url: string;
  store: Store;
  /** Answers a request as the port does, without one; where there is no `intercept`. */
  answer: (request: Request) => Promise<Response>;
}

/**
 * Starts the Kubernetes API of one cluster over plain HTTP: a test double for kubectl, Helm and client libraries that
 * keeps the rules Countersign depends on (versions, admission, watches), for the kinds that it serves
 * (docs/adr/0042-the-embedded-kube-api.md). A request goes through `app.ts` (what is served, faults), `request.ts` (what
 * is asked, admission), then `read.ts`, `write.ts` or `remove.ts`.
 *
 * @example
 * const kube = await startKube({ name: 'cluster-1', admit: [gate] });
 */
export async function startKube(options: KubeOptions): Promise<Kube> {
  const { configSync = true, clock = () => new Date(), versions = {} } = options;
  const store = createStore({ clock });
  seedCluster(store, configSync ? (versions.configSync ?? CONFIG_SYNC) : undefined);
  const kinds = configSync ? [...coreKinds, ...configSyncKinds] : coreKinds;
  const { name, port = 0, admit = [], intercept } = options;
  const version = versions.kubernetes ?? KUBERNETES;
  const app = createApp({ store, clock, kinds, version, admit, intercept });
  const { host, close } = await listen(() => app, port, true);
  const answer = async (request: Request): Promise<Response> => app.fetch(request);
  return { name, url: `http://${host}`, store, answer, close };
}

const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Seeds what every cluster has, and, where Config Sync of a version is installed, what shows it. */
function seedCluster(store: Store, configSync: string | undefined): void {
  for (const name of namespaces) seedNamespace(store, name);
  if (configSync === undefined) return;
  seedNamespace(store, 'config-management-system');
  store.put('deployments', describeManager(configSync));
  for (const crd of crds.values()) store.put('customresourcedefinitions', establish(crd));
}

/** Puts an active namespace into a cluster. */
export function seedNamespace(store: Store, name: string): void {
  store.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
}

/** Rolled out. Its image's tag is the only thing in a cluster that shows the version of Config Sync. */
function describeManager(version: string): KubeObject {
  const name = 'reconciler-manager';
  const image = `gcr.io/config-management-release/${name}:v${version}`;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'config-management-system', labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate' },
      template: { metadata: { labels }, spec: { containers: [{ name, image }] } },
    },
    status: {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      conditions: [
        condition('Available', 'MinimumReplicasAvailable'),
        condition('Progressing', 'NewReplicaSetAvailable'),
      ],
    },
  };
}

/** The CRD as installed, with the status that an API server gives it. */
function establish(crd: Crd): KubeObject {
  return {
    ...crd,
    status: {
      acceptedNames: crd.spec.names,
      storedVersions: crd.spec.versions.slice(0, 1).map(({ name }) => name),
      conditions: [
        condition('NamesAccepted', 'NoConflicts'),
        condition('Established', 'InitialNamesAccepted'),
      ],
    },
  };
}

function condition(type: string, reason: string): Record<string, string> {
  return { type, status: 'True', reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}

/**
 * Writes a kubeconfig with one context per cluster, named as the cluster, for kubectl and client-node alike. The
 * embedded server takes the user's name at its word; a real one has `access`, and knows him by his token.
 */
export async function writeKubeconfig(config: {
  path: string;
  clusters: readonly {
    name: string;
    url: string;
    access?: { readonly ca: string; readonly tokenOf: (user: string) => string };
  }[];
  user: string;
}): Promise<void> {
  const { clusters, user } = config;
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: clusters.map(({ name, url, access }) => ({
      name,
      cluster: {
        server: url,
        ...(access === undefined
          ? // client-node refuses http servers without it (docs/facts/google-cloud.md#kubernetes-client).
            { 'insecure-skip-tls-verify': true }
          : { 'certificate-authority-data': Buffer.from(access.ca).toString('base64') }),
      },
    })),
    users: [
      // kubectl sends no token over plain http, but says whom it acts as.
      { name: user, user: { token: `token-of:${user}`, as: user } },
      ...clusters.flatMap(({ name, access }) =>
        access === undefined
          ? []
          : [{ name: `${user} of ${name}`, user: { token: access.tokenOf(user) } }],
      ),
    ],
    contexts: clusters.map(({ name, access }) => ({
      name,
      context: { cluster: name, user: access === undefined ? user : `${user} of ${name}` },
    })),
    'current-context': clusters[0]?.name ?? '',
  });
  await mkdir(dirname(config.path), { recursive: true });
  await writeFile(config.path, text, { mode: 0o600 });
}
