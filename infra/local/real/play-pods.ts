import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { SendKube } from './kube-request.ts';
import { type Pod, startPod, type Template, templateSchema } from './pod.ts';

const NAMESPACE = 'config-management-system';
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const POLL_MS = 500;

const deploymentSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    generation: z.int(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({ template: templateSchema, minReadySeconds: z.number().default(0) }),
});
const listSchema = z.object({ items: z.array(deploymentSchema) });
type Deployment = z.infer<typeof deploymentSchema>;

interface Played {
  readonly hash: string;
  readonly pod: Pod;
  readonly since: number;
  reported: string;
}

export interface PlayOptions {
  readonly send: SendKube;
  /** Config Sync's binaries. */
  readonly bin: string;
  /** Where these look for others. */
  readonly path: string;
  /** For what pods need and write. */
  readonly folder: string;
  /** A kubeconfig that acts as that service account of config-management-system. */
  readonly kubeconfigOf: (account: string) => Promise<string>;
  /** Gets what is done, in a few words. */
  readonly onStep: (step: string) => void;
}

/**
 * Plays deployment controller and kubelet for the reconcilers' Deployments, strategy Recreate: one pod for each
 * template, ready after `minReadySeconds`. Ends with everything that it started when the signal aborts.
 */
export async function playPods(options: PlayOptions, signal: AbortSignal): Promise<void> {
  const { send } = options;
  const pods = new Map<string, Played>();

  async function turn(): Promise<void> {
    const path = `${DEPLOYMENTS}?labelSelector=app%3Dreconciler`;
    const { items } = listSchema.parse((await send({ method: 'GET', path })).body);
    const wanted = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    for (const name of pods.keys()) if (!names.has(name)) await stop(name);
    await Promise.all(wanted.map(keepUp));
  }

  async function keepUp(deployment: Deployment): Promise<void> {
    const { metadata, spec } = deployment;
    const hash = hashOf(spec.template);
    if (pods.get(metadata.name)?.hash !== hash) {
      await stop(metadata.name);
      pods.set(metadata.name, await start(metadata.name, spec.template, hash));
    }
    const played = pods.get(metadata.name);
    if (played === undefined) return;
    const ready = Date.now() - played.since >= spec.minReadySeconds * 1000;
    const report = `${metadata.generation} ${ready}`;
    if (played.reported === report) return;
    const path = `${DEPLOYMENTS}/${metadata.name}/status`;
    const body = { status: statusOf(metadata.generation, ready) };
    const answer = await send({
      method: 'PATCH',
      path,
      type: 'application/merge-patch+json',
      body,
    });
    if (answer.status === 200) played.reported = report;
  }

  async function start(name: string, template: Template, hash: string): Promise<Played> {
    const logs = join(options.folder, 'logs', name);
    await mkdir(logs, { recursive: true });
    const kubeconfig = await options.kubeconfigOf(template.spec.serviceAccountName);
    const folder = join(options.folder, 'pods', `${name}-${hash.slice(0, 8)}`);
    const onEnd = (container: string, how: string): void =>
      options.onStep(
        `${container} of pod ${name} ended (${how}), and starts again; its log is in ${logs}`,
      );
    const { bin, path } = options;
    const pod = await startPod({ template, folder, bin, path, kubeconfig, logs, onEnd });
    options.onStep(`Pod ${name} runs ${pod.containers.join(', ')}`);
    return { hash, pod, since: Date.now(), reported: '' };
  }

  async function stop(name: string): Promise<void> {
    const played = pods.get(name);
    pods.delete(name);
    await played?.pod.stop();
  }

  while (!signal.aborted) {
    // An API server that is stopping answers no more.
    await turn().catch(() => undefined);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all([...pods.keys()].map(stop));
}

function hashOf(template: Template): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex');
}

function statusOf(generation: number, ready: boolean): object {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const times = { lastUpdateTime: now, lastTransitionTime: now };
  const available = ready
    ? { status: 'True', reason: 'MinimumReplicasAvailable' }
    : { status: 'False', reason: 'MinimumReplicasUnavailable' };
  const progress = ready ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated';
  return {
    observedGeneration: generation,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: ready ? 1 : null,
    availableReplicas: ready ? 1 : null,
    unavailableReplicas: ready ? null : 1,
    conditions: [
      { type: 'Available', message: '', ...available, ...times },
      { type: 'Progressing', status: 'True', message: '', reason: progress, ...times },
    ],
  };
}
