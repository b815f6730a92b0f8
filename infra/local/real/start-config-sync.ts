import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { MANIFESTS, TEMPLATE } from './config-sync-folder.ts';
import type { KubeApiserver } from './kube-apiserver.ts';
import { applyObject, applyYaml } from './apply.ts';
import { playCollector } from './play-collector.ts';
import { playPods } from './play-pods.ts';
import { type RunningProcess, startProgram } from './program.ts';
import { toolFolders } from './tool-cache.ts';

const NAMESPACE = 'config-management-system';
const ACCOUNTS = [
  'system:serviceaccounts',
  `system:serviceaccounts:${NAMESPACE}`,
  'system:authenticated',
];
const POLL_MS = 50;

export interface ConfigSyncOptions {
  readonly cluster: KubeApiserver;
  /** Its binaries in `bin`, its `manifests` as its sources have them. */
  readonly folder: string;
  /** Where its programs work and write their logs; made where it is not there. */
  readonly home: string;
  /** As its metadata names the cluster. */
  readonly name: string;
  /** Milliseconds that reconciler-manager may take until it works. */
  readonly startMs: number;
  /** Gets what is done, in a few words. */
  readonly onStep: (step: string) => void;
}

/** A Config Sync that runs. */
export interface RealConfigSync {
  /** Resolves with how reconciler-manager ended, should it end without `stop`. */
  readonly died: Promise<string>;
  stop(): Promise<void>;
}

/** Applies Config Sync's CRDs and roles, and waits until the API server knows them. */
export async function installConfigSync(cluster: KubeApiserver, folder: string): Promise<void> {
  await applyObject(cluster, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  for (const name of MANIFESTS) {
    await applyYaml(cluster, await readFile(join(folder, 'manifests', name), 'utf8'));
  }
  for (const plural of ['kpt.dev/v1alpha1/resourcegroups', ...RSYNCS]) {
    const path = `/apis/${plural}`;
    while ((await cluster.send({ method: 'GET', path })).status !== 200) await sleep(POLL_MS);
  }
}

const RSYNCS = ['rootsyncs', 'reposyncs'].map((plural) => `configsync.gke.io/v1beta1/${plural}`);

const templatesSchema = z.looseObject({ data: z.object({ 'deployment.yaml': z.string() }) });

/**
 * Runs the real Config Sync on an API server, without a container engine: reconciler-manager, and what plays kubelet,
 * Deployment controller and garbage collector for its reconcilers.
 *
 * @example const configSync = await startConfigSync({ cluster, folder, home, name: 'cluster-1', startMs, onStep });
 */
export async function startConfigSync(options: ConfigSyncOptions): Promise<RealConfigSync> {
  const { cluster, folder, home, name, onStep } = options;
  const bin = join(folder, 'bin');
  const stopping = new AbortController();
  const kubeconfigOf = (account: string): Promise<string> =>
    cluster.kubeconfig(`system:serviceaccount:${NAMESPACE}:${account}`, ACCOUNTS);
  const manager = await startManager(options, await kubeconfigOf('reconciler-manager'));
  onStep(`reconciler-manager runs as process ${manager.pid}`);
  const { send } = cluster;
  // Helm is among what `npm run tools` builds.
  const path = [bin, ...toolFolders(process.env), process.env['PATH'] ?? ''].join(delimiter);
  const pods = { send, bin, path, folder: home, kubeconfigOf, onStep };
  const playing = [playPods(pods, stopping.signal), playCollector(send, stopping.signal)];
  return {
    died: manager.died.then((how) => `reconciler-manager of ${name} ${how}`),
    async stop() {
      stopping.abort();
      await Promise.all(playing);
      await manager.stop();
    },
  };
}

async function startManager(
  { folder, home, name, startMs }: ConfigSyncOptions,
  kubeconfig: string,
): Promise<RunningProcess> {
  // It reads the Deployment of its reconcilers where it works.
  const cwd = join(home, 'reconciler-manager');
  await mkdir(cwd, { recursive: true });
  const template = await readFile(join(folder, 'manifests', TEMPLATE), 'utf8');
  const { data } = templatesSchema.parse(parseAllDocuments(template)[0]?.toJS());
  await writeFile(join(cwd, 'deployment.yaml'), data['deployment.yaml']);
  return startProgram({
    command: join(folder, 'bin', 'reconciler-manager'),
    args: [`--cluster-name=${name}`, '-v=1'],
    cwd,
    env: { KUBECONFIG: kubeconfig },
    timeout: startMs,
    ready: (output) => output.includes('Starting workers'),
  });
}
