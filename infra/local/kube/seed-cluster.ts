import { configSyncKinds, type Kind, qualifiedResource } from './kinds.ts';
import { type KubeObject } from './object.ts';
import type { Store } from './store.ts';

const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Seeds what every cluster has, and, where Config Sync of a version is installed, what shows it. */
export function seedCluster(store: Store, configSync: string | undefined): void {
  for (const name of namespaces) seedNamespace(store, name);
  if (configSync === undefined) return;
  seedNamespace(store, 'config-management-system');
  store.put('deployments', describeManager(configSync));
  for (const kind of configSyncKinds) store.put('customresourcedefinitions', describeCrd(kind));
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

function describeCrd(kind: Kind): KubeObject {
  const { plural, singular, versions } = kind;
  const names = { plural, singular, kind: kind.kind, listKind: `${kind.kind}List` };
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: qualifiedResource(kind) },
    spec: {
      group: kind.group,
      names,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      conversion: { strategy: 'None' },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === versions[0],
        schema,
        subresources: { status: {} },
      })),
    },
    status: {
      acceptedNames: names,
      storedVersions: [versions[0]],
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
