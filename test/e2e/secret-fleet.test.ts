import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Fleet } from '#shared/fleet/fleet.ts';
import { DEFAULT_CLIENT_LIMITS } from '#shared/fleet/limits.ts';
import { createClusterApi } from '#shared/fleet/client.ts';
import { createSecretFleet } from '#shared/fleet/secret-fleet.ts';
import { connectManagement } from '#shared/fleet/secrets/connect-management.ts';
import { createManagementApi } from '#shared/fleet/secrets/management-api.ts';
import { createAgents } from '#shared/fleet/transport.ts';
import { kubeconfigDeps } from '#test/fixtures/kubeconfig-fleet.ts';
import { rootSync } from '#test/fixtures/rsync-manifests.ts';
import { startSyncCluster, type SyncCluster, until } from './tools/sync-cluster.ts';

const RBAC = join(import.meta.dirname, '../../infra/kubernetes/rbac/fleet-secrets/role.yaml');
const USER = 'countersign@PROJECT.iam.gserviceaccount.com';
const GROUP = 'cluster.x-k8s.io';
const CLUSTERS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `clusters.${GROUP}`,
    annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
  },
  spec: {
    group: GROUP,
    names: { plural: 'clusters', singular: 'cluster', kind: 'Cluster', listKind: 'ClusterList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1beta2',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    ],
  },
};
const Written = z.object({
  clusters: z.tuple([z.object({ cluster: z.looseObject({ server: z.string() }) })]),
  users: z.tuple([z.object({ user: z.looseObject({ token: z.string() }) })]),
});

let cluster: SyncCluster;
/** The same cluster is the one that manages, and the one of the fleet. */
let admin: string;

beforeAll(async () => {
  cluster = await startSyncCluster();
  for (const name of ['argocd', 'fleet']) {
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await cluster.apply(CLUSTERS);
  const path = `/apis/${GROUP}/v1beta2/clusters`;
  await until(async () => (await cluster.send({ method: 'GET', path })).status === 200);
  await cluster.applyYaml(await readFile(RBAC, 'utf8'));
  await cluster.apply(rootSync());
  admin = await readFile(await cluster.kubeconfig('admin', ['system:masters']), 'utf8');
});
afterAll(() => cluster?.close());

async function put(
  kind: 'Secret' | 'Cluster',
  namespace: string,
  name: string,
  more: { labels: Record<string, string>; stringData?: Record<string, string> },
): Promise<void> {
  const { labels, ...data } = more;
  const apiVersion = kind === 'Secret' ? 'v1' : `${GROUP}/v1beta2`;
  await cluster.apply({ apiVersion, kind, metadata: { namespace, name, labels }, ...data });
}

async function open(type: 'argocd' | 'clusterApi', namespace: string): Promise<Fleet> {
  const deps = kubeconfigDeps();
  const kubeconfig = await cluster.kubeconfig(USER);
  const clients = { agents: createAgents(), limits: DEFAULT_CLIENT_LIMITS };
  return createSecretFleet(
    { type, namespace, plugins: [], pluginServers: [] },
    {
      ...deps,
      management: async () =>
        createManagementApi(await connectManagement({ kubeconfig }, {}, deps), clients),
    },
    createClusterApi,
  );
}

async function namesOfSyncs(fleet: Fleet, name: string): Promise<readonly unknown[]> {
  const api = await fleet.connect({ name, id: name, labels: {} });
  const { items } = await api.list('RootSync', { limit: 10 });
  return items.map(
    (item) => z.looseObject({ metadata: z.object({ name: z.string() }) }).parse(item).metadata.name,
  );
}

describe('a fleet in the Secrets of a real cluster, read with the Role', () => {
  it("is Argo CD's", async () => {
    const { clusters, users } = Written.parse(parse(admin));
    const { server, ...tls } = clusters[0].cluster;
    const caData = tls['certificate-authority-data'];
    const config = { bearerToken: users[0].user.token, tlsClientConfig: { caData } };
    await put('Secret', 'argocd', 'cluster-edge-1', {
      labels: { 'argocd.argoproj.io/secret-type': 'cluster', env: 'prod' },
      stringData: { name: 'edge-1', server, config: JSON.stringify(config) },
    });
    await put('Secret', 'argocd', 'argocd-secret', { labels: {}, stringData: { a: 'b' } });
    const fleet = await open('argocd', 'argocd');
    const { members } = await fleet.list();
    expect(members).toMatchObject([{ name: 'edge-1', labels: { env: 'prod' } }]);
    expect(await namesOfSyncs(fleet, 'edge-1')).toEqual(['root-sync']);
  });

  it("is Cluster API's", async () => {
    await put('Cluster', 'fleet', 'edge-2', { labels: { env: 'dev' } });
    await put('Secret', 'fleet', 'edge-2-kubeconfig', {
      labels: { [`${GROUP}/cluster-name`]: 'edge-2' },
      stringData: { value: admin },
    });
    const fleet = await open('clusterApi', 'fleet');
    expect((await fleet.list()).members).toEqual([
      { name: 'fleet/edge-2', id: 'edge-2', labels: { env: 'dev' } },
    ]);
    expect(await namesOfSyncs(fleet, 'fleet/edge-2')).toEqual(['root-sync']);
  });

  it('that may not be read names what is missing', async () => {
    const fleet = await open('argocd', 'team-a');
    await expect(fleet.list()).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('grant list on them'),
    });
  });
});
