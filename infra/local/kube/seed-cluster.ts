import { type Crd, crds } from './crds.ts';
import type { KubeObject } from './object.ts';
import type { Store } from './store.ts';

const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Seeds what every cluster has, and, where Config Sync of a version is installed, what shows it. */
export function seedCluster(store: Store, configSync: string | undefined): void {
  for (const name of namespaces) seedNamespace(store, name);
  if (configSync === undefined) return;
  seedNamespace(store, 'config-management-system');
  store.put('deployments', describeManager(configSync));
  for (const crd of crds.values()) store.put('customresourcedefinitions', establish(crd));
}

function seedNamespace(store: Store, name: string): void {
  store.put('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
}

/** Its image's tag is the only thing in a cluster that tells the version of Config Sync. */
function describeManager(version: string): KubeObject {
  const name = 'reconciler-manager';
  const image = `gcr.io/config-management-release/${name}:v${version}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'config-management-system' },
    spec: { template: { spec: { containers: [{ name, image }] } } },
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
