import * as z from 'zod';
import { seedNamespace } from '../kube/start-kube.ts';
import type { KubeObject, Store } from '../kube/store.ts';

/** The namespace of the RepoSync. */
export const TEAM = 'team-a';
/** How often Config Sync asks the registry for the tag; the stand-in's pace shortens it. */
const OCI_PERIOD = '15s';

/** The two objects that every local cluster has (docs/quick-start.md). */
export const SEEDED_SYNCS = [
  {
    plural: 'rootsyncs',
    kind: 'RootSync',
    namespace: 'config-management-system',
    name: 'root-sync',
    image: 'configs/platform:v1',
  },
  {
    plural: 'reposyncs',
    kind: 'RepoSync',
    namespace: TEAM,
    name: 'repo-sync',
    image: 'configs/team-a:v1',
  },
] as const;

/** A RootSync and a RepoSync that follow images of `registry`. */
export function describeSyncs(registry: string): KubeObject[] {
  return SEEDED_SYNCS.map(({ kind, namespace, name, image }) => {
    const oci = { image: `${registry}/${image}`, dir: '.', auth: 'none', period: OCI_PERIOD };
    return {
      apiVersion: 'configsync.gke.io/v1beta1',
      kind,
      metadata: { name, namespace },
      spec: { sourceFormat: 'unstructured', sourceType: 'oci', oci },
    };
  });
}

/** Puts these into an emulated cluster, with their namespace. */
export function seedSyncs(store: Store, registry: string): void {
  seedNamespace(store, TEAM);
  const syncs = describeSyncs(registry);
  for (const [at, { plural }] of SEEDED_SYNCS.entries()) {
    const sync = syncs[at];
    if (sync !== undefined) store.put(plural, sync);
  }
}

const BUSY: ReadonlySet<string> = new Set(['Syncing', 'Reconciling', 'Stalled']);

/** Config Sync reports digests without their algorithm. */
const commit = z
  .string()
  .optional()
  .transform((hex) => (hex ? `sha256:${hex}` : undefined));

const rsyncSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ oci: z.object({ image: z.string() }) }),
  status: z
    .object({
      lastSyncedCommit: commit,
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      source: z
        .object({ commit, errors: z.array(z.object({ code: z.string() })).default([]) })
        .prefault({}),
    })
    .prefault({}),
});

/** What an RSync shows of its approval, and of what Config Sync made of it. */
const stateSchema = rsyncSchema.transform(({ metadata: { annotations }, spec, status }) => ({
  image: spec.oci.image,
  /** Digests, the newest first. */
  approved: (annotations['countersign.dev/approved'] ?? '').split(' ').filter(Boolean),
  announced: annotations['configsync.gke.io/image-to-sync'],
  /** The digest that Config Sync synced last. */
  live: status.lastSyncedCommit,
  /** The digest that Config Sync pulled last, applied or not. */
  pulled: status.source.commit,
  /** Whether Config Sync is pulling, rendering or applying. */
  syncing: status.conditions.some((one) => BUSY.has(one.type) && one.status === 'True'),
  /** Codes of what keeps Config Sync from its source, such as 2002. */
  sourceErrors: status.source.errors.map(({ code }) => code),
}));

export type SyncState = z.output<typeof stateSchema>;

/** Reads a seeded RSync from a cluster's API, as `kubectl get` does. */
export async function readSync(
  clusterUrl: string,
  { namespace, plural, name }: (typeof SEEDED_SYNCS)[number],
): Promise<SyncState> {
  const path = `apis/configsync.gke.io/v1beta1/namespaces/${namespace}/${plural}/${name}`;
  const response = await fetch(`${clusterUrl}/${path}`);
  if (!response.ok) throw new Error(`Cluster answered ${response.status} to GET ${path}`);
  return stateSchema.parse(await response.json());
}
