import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { RSyncManifest } from '#test/fixtures/rsync-manifests.ts';
import {
  type KubeApiserver,
  type KubeApiserverOptions,
  startKubeApiserver,
} from '#infra/local/real/kube-apiserver.ts';
import { TEST_TOOLS } from './tool-box.ts';
import type { KubeAnswer } from '#infra/local/real/kube-request.ts';
import { PATIENCE } from '#test/patience.ts';

const CRDS = ['rootsyncs.yaml', 'reposyncs.yaml'].map((file) =>
  join(import.meta.dirname, '../../../infra/kubernetes/crds', file),
);
const READY_TIMEOUT_MS = PATIENCE.timeout;
const POLL_MS = 20;

const objectSchema = z.looseObject({
  kind: z.string(),
  apiVersion: z.string(),
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().optional() }),
});
export type LiveObject = z.infer<typeof objectSchema>;

const EVERYBODY_MAY = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'everybody-may' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' },
  ],
};

/** A real kube-apiserver with Config Sync's CRDs, and the namespaces config-management-system and team-a. */
export interface SyncCluster extends KubeApiserver {
  /** Creates, or replaces, as the administrator; cluster-wide objects and RSyncs. */
  apply(object: unknown): Promise<LiveObject>;
  /** Undefined when there is none. */
  read(manifest: RSyncManifest): Promise<LiveObject | undefined>;
  /** With its finalizers; nothing happens when there is none. */
  remove(manifest: RSyncManifest): Promise<void>;
  /** Every document of a YAML text. */
  applyYaml(yaml: string): Promise<void>;
}

export interface SyncClusterOptions extends KubeApiserverOptions {
  /** RBAC refuses no user, where something else is under test. */
  readonly everybodyMay?: boolean;
  /** Config Sync's CRDs as YAML, in place of those of this repository. */
  readonly crds?: readonly string[];
}

export async function startSyncCluster(options: SyncClusterOptions = {}): Promise<SyncCluster> {
  const { crds = await Promise.all(CRDS.map((path) => readFile(path, 'utf8'))) } = options;
  const server = await startKubeApiserver({ tools: TEST_TOOLS, ...options });
  const { send } = server;

  async function apply(object: unknown): Promise<LiveObject> {
    const given = objectSchema.parse(object);
    const { collection, path } = placeOf(given);
    const live = await send({ method: 'GET', path });
    const answer =
      live.status === 404
        ? await send({ method: 'POST', path: collection, body: given })
        : await send({ method: 'PUT', path, body: atVersion(given, live) });
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return objectSchema.parse(answer.body);
  }

  async function applyYaml(yaml: string): Promise<void> {
    for (const document of parseAllDocuments(yaml)) await apply(document.toJS());
  }

  try {
    if (options.everybodyMay === true) await apply(EVERYBODY_MAY);
    for (const name of ['config-management-system', 'team-a']) {
      await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    for (const crd of crds) await applyYaml(crd);
    for (const plural of ['rootsyncs', 'reposyncs']) {
      for (const version of ['v1beta1', 'v1alpha1']) {
        const path = `/apis/configsync.gke.io/${version}/${plural}`;
        await until(async () => (await send({ method: 'GET', path })).status === 200);
      }
    }
  } catch (error) {
    await server.close();
    throw error;
  }

  return {
    ...server,
    apply,
    applyYaml,
    async read(manifest) {
      const { status, body } = await send({ method: 'GET', path: pathOf(manifest) });
      return status === 404 ? undefined : objectSchema.parse(body);
    },
    async remove(manifest) {
      const path = pathOf(manifest);
      const type = 'application/merge-patch+json';
      const body = { metadata: { finalizers: null } };
      await send({ method: 'PATCH', path, type, body });
      await send({ method: 'DELETE', path });
    },
  };
}

/** Asks until it holds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Never held: ${String(holds)}`);
    await sleep(POLL_MS);
  }
}

/** What names an object of Kubernetes; a manifest does. */
export interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
}

/** Of an RSync, in the version that it names. */
export function pathOf(manifest: Named): string {
  return placeOf(manifest).path;
}

/** Of the list that an RSync is created in. */
export function collectionOf(manifest: Named): string {
  return placeOf(manifest).collection;
}

const namedSchema = z.object({ name: z.string(), namespace: z.string().optional() });

function placeOf(object: Named): { collection: string; path: string } {
  const { name, namespace } = namedSchema.parse(object.metadata);
  const root = object.apiVersion === 'v1' ? '/api/v1' : `/apis/${object.apiVersion}`;
  const within = namespace === undefined ? '' : `/namespaces/${namespace}`;
  const plural = object.kind.toLowerCase().replace(/y$/, 'ie');
  const collection = `${root}${within}/${plural}s`;
  return { collection, path: `${collection}/${name}` };
}

function atVersion(object: LiveObject, live: KubeAnswer): object {
  const { resourceVersion } = objectSchema.parse(live.body).metadata;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}
