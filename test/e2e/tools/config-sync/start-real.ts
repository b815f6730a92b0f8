import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { type KubeApiserver, startKubeApiserver } from '../kube-apiserver.ts';
import { startProcess } from '../process.ts';
import { until } from '../sync-cluster.ts';
import { playCollector } from './play-collector.ts';
import { playPods } from './play-pods.ts';

const NAMESPACE = 'config-management-system';
const ACCOUNTS = [
  'system:serviceaccounts',
  `system:serviceaccounts:${NAMESPACE}`,
  'system:authenticated',
];

/** Config Sync's own, below `manifests` of the folder; what else is there is not needed. */
const MANIFESTS = [
  'cluster-registry-crd.yaml',
  'cluster-selector-crd.yaml',
  'hierarchyconfig-crd.yaml',
  'namespace-selector-crd.yaml',
  'reposync-crd.yaml',
  'resourcegroup-crd.yaml',
  'rootsync-crd.yaml',
  'ns-reconciler-base-cluster-role.yaml',
  'ns-reconciler-cluster-scope-cluster-role.yaml',
  'root-reconciler-base-cluster-role.yaml',
  'reconciler-manager-service-account.yaml',
];

/** A tenant's grant, as every namespace with a RepoSync needs one. */
const GRANT = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'reconcilers', namespace: 'team-a' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [
    {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'Group',
      name: `system:serviceaccounts:${NAMESPACE}`,
    },
  ],
};

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});
const templatesSchema = z.looseObject({ data: z.object({ 'deployment.yaml': z.string() }) });

export interface RealConfigSync {
  readonly cluster: KubeApiserver;
  /** Applies every document as the administrator. */
  apply: (yaml: string) => Promise<void>;
  /** Of every process: `<reconciler>/<container>.log`, and `reconciler-manager.log`. */
  readonly logs: string;
  stop: () => Promise<void>;
}

/**
 * The real Config Sync on a real kube-apiserver, without a container engine. `folder` has its binaries in `bin`, with
 * helm and kustomize beside them, and its `manifests` as its sources have them. The binaries run beside each other in
 * one network namespace, so that they must not all bind the same metrics port.
 */
export async function startRealConfigSync(folder: string): Promise<RealConfigSync> {
  const bin = join(folder, 'bin');
  for (const name of ['reconciler-manager', 'reconciler', 'oci-sync']) {
    if (!existsSync(join(bin, name))) throw new Error(`${bin} has no ${name}`);
  }
  const own = await mkdtemp(join(tmpdir(), 'countersign-config-sync-'));
  const cluster = await startKubeApiserver();
  const stopping = new AbortController();
  const playing: Promise<void>[] = [];
  const parts = new AsyncDisposableStack();
  parts.defer(() => rm(own, { recursive: true, force: true }));
  parts.defer(() => cluster.close());
  parts.defer(async () => {
    stopping.abort();
    await Promise.all(playing);
  });
  try {
    const apply = (yaml: string): Promise<void> => applyAll(cluster, yaml);
    for (const name of [NAMESPACE, 'team-a']) {
      await applyOne(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    for (const name of MANIFESTS)
      await apply(await readFile(join(folder, 'manifests', name), 'utf8'));
    await applyOne(cluster, GRANT);
    await until(async () => {
      const path = '/apis/kpt.dev/v1alpha1/resourcegroups';
      return (await cluster.send({ method: 'GET', path })).status === 200;
    });
    const home = join(own, 'reconciler-manager');
    await mkdir(home);
    const template = await readFile(
      join(folder, 'manifests', 'templates', 'reconciler-manager-configmap.yaml'),
      'utf8',
    );
    const { data } = templatesSchema.parse(parseAllDocuments(template)[0]?.toJS());
    await writeFile(join(home, 'deployment.yaml'), data['deployment.yaml']);
    const kubeconfigOf = (account: string): Promise<string> =>
      cluster.kubeconfig(`system:serviceaccount:${NAMESPACE}:${account}`, ACCOUNTS);
    const manager = await startProcess({
      command: join(bin, 'reconciler-manager'),
      args: ['--cluster-name=real', '-v=1'],
      cwd: home,
      env: { KUBECONFIG: await kubeconfigOf('reconciler-manager') },
      timeout: 60_000,
      ready: (output) => output.includes('Starting workers'),
    });
    parts.defer(() => manager.stop());
    playing.push(
      playPods({ send: cluster.send, bin, folder: own, kubeconfigOf }, stopping.signal),
      playCollector(cluster.send, stopping.signal),
    );
    return { cluster, apply, logs: join(own, 'logs'), stop: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function applyAll(cluster: KubeApiserver, yaml: string): Promise<void> {
  for (const document of parseAllDocuments(yaml)) {
    const value: unknown = document.toJS();
    if (value !== null) await applyOne(cluster, value);
  }
}

/** By server-side apply, so that what is there is brought up to date. */
async function applyOne({ send }: KubeApiserver, value: unknown): Promise<void> {
  const object = objectSchema.parse(value);
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const within = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  const path = `${root}${within}/${plural}/${metadata.name}?fieldManager=e2e&force=true`;
  const answer = await send({
    method: 'PATCH',
    path,
    type: 'application/apply-patch+yaml',
    body: object,
  });
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
}
