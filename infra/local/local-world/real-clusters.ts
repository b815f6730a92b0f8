import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderGate } from '#infra/kubernetes/gate/render.ts';
import { readRoleText } from '../carried-files.ts';
import { applyObject, applyYaml } from '../real/apply.ts';
import { requireConfigSync } from '../real/config-sync-folder.ts';
import { type KubeApiserver, startKubeApiserver } from '../real/kube-apiserver.ts';
import { installConfigSync, startConfigSync } from '../real/start-config-sync.ts';
import { TOOLS } from '../real/tool-box.ts';
import { type Fleet, localGate, type LocalCluster } from './clusters.ts';
import { type Effect, LOCAL_ADMIN, SERVICE_IDENTITY } from './files.ts';
import { LocalWorldError } from './local-world-error.ts';
import { describeSyncs, TEAM } from './syncs.ts';

/** People are administrators; Countersign may do what its role says. */
const USERS = [
  { name: LOCAL_ADMIN, groups: ['system:masters'] },
  { name: SERVICE_IDENTITY, groups: [] },
];
const RBAC = 'rbac.authorization.k8s.io';
const POLL_MS = 100;

/** As many as one machine runs: each is an API server, its etcd, and five programs of Config Sync. */
export const MAX_REAL_CLUSTERS = 3;

interface RealClustersOptions {
  readonly count: number;
  readonly registry: string;
  readonly effect: Effect;
  /** Config Sync as built from its sources. */
  readonly folder: string;
  /** Where the programs keep their files; begun anew. */
  readonly home: string;
  readonly onStep: (step: string) => void;
}

/**
 * Starts clusters with a real kube-apiserver, the rendered gate and the real Config Sync; `parts` ends them. Throws a
 * LocalWorldError for what the folder or the machine does not have.
 */
export async function startRealClusters(
  options: RealClustersOptions,
  parts: AsyncDisposableStack,
): Promise<Fleet> {
  const { count, registry, folder, home, onStep } = options;
  await requireConfigSync(folder);
  requireTools();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  const { promise: failed, resolve: fail } = Promise.withResolvers<LocalWorldError>();
  const started: { readonly cluster: LocalCluster; readonly server: KubeApiserver }[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `cluster-${number}`;
    const within = join(home, name);
    await mkdir(within, { recursive: true });
    const server = await startKubeApiserver({ users: USERS, within });
    parts.defer(() => server.close());
    void server.died.then((how) => fail(new LocalWorldError(`${how} in ${name}`)));
    onStep(`${name}: kube-apiserver and etcd run, at ${server.url}`);
    await installConfigSync(server, folder);
    await furnish(server, options);
    onStep(`${name}: Config Sync's CRDs, the gate and the RSyncs are applied`);
    const { url, ca, tokenOf } = server;
    started.push({ cluster: { name, url, access: { ca, tokenOf } }, server });
  }
  return {
    clusters: started.map(({ cluster }) => cluster),
    emulated: [],
    failed,
    async startSync() {
      for (const { cluster, server } of started) {
        const { name } = cluster;
        const sync = await startConfigSync({
          cluster: server,
          folder,
          home: join(home, name),
          name,
          startMs: TOOLS.startMs,
          onStep: (step) => onStep(`${name}: ${step}`),
        });
        parts.defer(() => sync.stop());
        void sync.died.then((how) => fail(new LocalWorldError(how)));
      }
      // Its own back-off is as in a real cluster.
      return { retryPulls: () => undefined };
    },
  };

  /** The grants, the gate, and then the RSyncs, which it judges. */
  async function furnish(server: KubeApiserver, { effect }: RealClustersOptions): Promise<void> {
    await applyYaml(server, readRoleText());
    const user = { apiGroup: RBAC, kind: 'User', name: SERVICE_IDENTITY };
    const role = { apiGroup: RBAC, kind: 'ClusterRole', name: 'countersign' };
    await applyObject(server, bind('ClusterRoleBinding', { name: 'countersign' }, role, user));
    await applyYaml(server, renderGate(localGate(registry, effect), 'deny'));
    await untilGuarded(server);
    await applyObject(server, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: TEAM } });
    // A tenant's grant, as every namespace with a RepoSync needs one.
    const accounts = 'system:serviceaccounts:config-management-system';
    const reconcilers = { apiGroup: RBAC, kind: 'Group', name: accounts };
    const admin = { ...role, name: 'cluster-admin' };
    const place = { name: 'reconcilers', namespace: TEAM };
    await applyObject(server, bind('RoleBinding', place, admin, reconcilers));
    for (const sync of describeSyncs(registry)) await applyObject(server, sync);
  }
}

function bind(kind: string, metadata: object, roleRef: object, subject: object): object {
  return { apiVersion: `${RBAC}/v1`, kind, metadata, roleRef, subjects: [subject] };
}

/** An API server enforces a policy a moment after it has stored it. */
async function untilGuarded({ send }: KubeApiserver): Promise<void> {
  const namespace = 'config-management-system';
  const body = {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: { name: 'never', namespace },
    spec: { sourceType: 'git', git: { repo: 'https://git.example/never', auth: 'none' } },
  };
  const path = `/apis/configsync.gke.io/v1beta1/namespaces/${namespace}/rootsyncs?dryRun=All`;
  while ((await send({ method: 'POST', path, body })).status !== 422) await sleep(POLL_MS);
}

function requireTools(): void {
  try {
    for (const name of ['etcd', 'kube-apiserver']) TOOLS.find(name);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new LocalWorldError(`--config-sync needs a real API server: ${error.message}`);
  }
}
