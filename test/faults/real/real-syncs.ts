import * as z from 'zod';
import type { LocalWorld } from '#infra/local/local-world/start-local-world.ts';
import type { ClusterFacts } from '../oracle/truth.ts';
import { type SyncObject, keyOf } from '../sim/cluster.ts';
import type { PlannedCluster, PlannedImage, PlannedSync } from '../world.ts';

const TEAM = 'team-a';

/** RepoSyncs beside the two that every local cluster has, one for each further image. */
export function planRealClusters(
  world: LocalWorld,
  images: readonly PlannedImage[],
): PlannedCluster[] {
  return world.clusters.map(({ name }) => ({
    name,
    labels: {},
    gated: true,
    syncs: images.map((image, index): PlannedSync => {
      if (index === 0) {
        return {
          kind: 'RootSync',
          namespace: 'config-management-system',
          name: 'root-sync',
          image,
        };
      }
      const sync = index === 1 ? 'repo-sync' : `repo-sync-${index}`;
      return { kind: 'RepoSync', namespace: TEAM, name: sync, image };
    }),
  }));
}

export async function createSyncs(url: string, { syncs }: PlannedCluster): Promise<void> {
  for (const { namespace, name, image } of syncs.slice(2)) {
    const body = {
      apiVersion: 'configsync.gke.io/v1beta1',
      kind: 'RepoSync',
      metadata: { name, namespace },
      spec: {
        sourceFormat: 'unstructured',
        sourceType: 'oci',
        oci: { image: image.reference, dir: '.', auth: 'none', period: '15s' },
      },
    };
    const response = await fetch(
      `${url}/apis/configsync.gke.io/v1beta1/namespaces/${namespace}/reposyncs`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      },
    );
    if (!response.ok) throw new Error(`RepoSync was not created: ${await response.text()}`);
  }
}

const Condition = z.object({ type: z.string(), status: z.string() });
const Status = z.object({
  lastSyncedCommit: z.string().default(''),
  conditions: z.array(Condition).default([]),
});
const Listed = z.object({
  items: z.array(
    z.looseObject({
      metadata: z.looseObject({
        name: z.string(),
        namespace: z.string(),
        resourceVersion: z.string(),
        annotations: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.looseObject({ oci: z.looseObject({ image: z.string() }) }),
      status: Status.default({ lastSyncedCommit: '', conditions: [] }),
    }),
  ),
});

/** Reads every RSync of a cluster, past the faults. An RSync's uid is its name here: none is created anew. */
export async function readCluster(url: string, plan: PlannedCluster): Promise<ClusterFacts> {
  const objects = new Map<string, SyncObject>();
  for (const [kind, plural] of [
    ['RootSync', 'rootsyncs'],
    ['RepoSync', 'reposyncs'],
  ] as const) {
    const response = await fetch(`${url}/apis/configsync.gke.io/v1beta1/${plural}`);
    for (const item of Listed.parse(await response.json()).items) {
      const object = toObject(kind, plan.name, item);
      objects.set(keyOf({ kind, ...object.metadata }), object);
    }
  }
  return { plan, member: true, down: false, objects, writes: new Map() };
}

export function toObject(
  kind: SyncObject['kind'],
  cluster: string,
  { metadata, spec, status }: z.infer<typeof Listed>['items'][number],
): SyncObject {
  const uid = `${cluster} ${keyOf({ kind, ...metadata })}`;
  const { lastSyncedCommit, conditions } = status;
  const stalled = conditions.some((found) => found.type === 'Stalled' && found.status === 'True');
  const seen: SyncObject['status'] = {
    lastSyncedCommit,
    conditions: stalled ? [{ type: 'Stalled', status: 'True', reason: '', message: '' }] : [],
  };
  const known = { ...metadata, uid, generation: 0 };
  return { kind, metadata: known, spec: { sourceType: 'oci', oci: spec.oci }, status: seen };
}

/** One RSync as its API server answers. */
export const Item = Listed.shape.items.element;

/** A merge patch as functions send it. */
export const Patch = z.looseObject({
  metadata: z
    .looseObject({
      resourceVersion: z.string().exactOptional(),
      annotations: z.record(z.string(), z.string().nullable()).exactOptional(),
    })
    .exactOptional(),
});
