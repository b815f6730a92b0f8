import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { SendKube } from './kube-request.ts';

const POLL_MS = 500;
const FOREGROUND = 'foregroundDeletion';
/** Everything that reconciler-manager and the reconcilers delete in the foreground, children among RSyncs too. */
const KINDS = [
  '/apis/apps/v1/deployments',
  '/api/v1/configmaps',
  '/api/v1/secrets',
  '/api/v1/serviceaccounts',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/kpt.dev/v1alpha1/resourcegroups',
  '/apis/configsync.gke.io/v1beta1/rootsyncs',
  '/apis/configsync.gke.io/v1beta1/reposyncs',
];

const listSchema = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        name: z.string(),
        namespace: z.string().optional(),
        deletionTimestamp: z.string().optional(),
        finalizers: z.array(z.string()).default([]),
      }),
    }),
  ),
});

/**
 * Plays the garbage collector for objects without dependents, and the controller that ends namespaces, until the signal
 * aborts. What is in a namespace stays in the API server.
 */
export async function playCollector(send: SendKube, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const path of KINDS) await collect(send, path).catch(() => undefined);
    await endNamespaces(send).catch(() => undefined);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function collect(send: SendKube, collection: string): Promise<void> {
  const { items } = listSchema.parse((await send({ method: 'GET', path: collection })).body);
  for (const { metadata } of items) {
    const { name, namespace, deletionTimestamp, finalizers } = metadata;
    if (deletionTimestamp === undefined || !finalizers.includes(FOREGROUND)) continue;
    const [, root, plural] = /^(.*)\/([^/]+)$/.exec(collection) ?? [];
    const place = namespace === undefined ? '' : `/namespaces/${namespace}`;
    const left = finalizers.filter((entry) => entry !== FOREGROUND);
    await send({
      method: 'PATCH',
      path: `${root}${place}/${plural}/${name}`,
      type: 'application/merge-patch+json',
      body: { metadata: { finalizers: left.length === 0 ? null : left } },
    });
  }
}

/** Without its end, an apply that prunes a namespace waits for minutes. */
async function endNamespaces(send: SendKube): Promise<void> {
  const path = '/api/v1/namespaces';
  const { items } = listSchema.parse((await send({ method: 'GET', path })).body);
  for (const { metadata } of items) {
    if (metadata.deletionTimestamp === undefined) continue;
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { finalizers: [] } };
    await send({ method: 'PUT', path: `${path}/${metadata.name}/finalize`, body });
  }
}
