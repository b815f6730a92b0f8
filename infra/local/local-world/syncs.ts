import * as z from 'zod';
import { seedNamespace } from '../kube/start-kube.ts';
import type { KubeObject, Store } from '../kube/store.ts';

const TEAM = 'team-a';
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

/** Seeds a RootSync and a RepoSync that follow images of `registry`. */
export function seedSyncs(store: Store, registry: string): void {
  seedNamespace(store, TEAM);
  for (const seed of SEEDED_SYNCS) store.put(seed.plural, describeSync(seed, registry));
}

function describeSync(
  { kind, namespace, name, image }: (typeof SEEDED_SYNCS)[number],
  registry: string,
): KubeObject {
  return {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind,
    metadata: { name, namespace },
    spec: {
      sourceFormat: 'unstructured',
      sourceType: 'oci',
      oci: { image: `${registry}/${image}`, dir: '.', auth: 'none', period: OCI_PERIOD },
    },
  };
}

/** What one RSync says of its approval and of what Config Sync made of it. */
export interface SyncState {
  /** `spec.oci.image` */
  readonly image: string;
  /** `countersign.dev/approved`: digests, the newest first. */
  readonly approved: readonly string[];
  /** `configsync.gke.io/image-to-sync` */
  readonly announced: string | undefined;
  /** The digest that Config Sync synced last. */
  readonly live: string | undefined;
  /** The digest that Config Sync pulled last, applied or not. */
  readonly pulled: string | undefined;
  /** Whether Config Sync is pulling, rendering or applying. */
  readonly syncing: boolean;
  /** Codes of what keeps Config Sync from its source, such as 2002. */
  readonly sourceErrors: readonly string[];
}

const BUSY: ReadonlySet<string> = new Set(['Syncing', 'Reconciling', 'Stalled']);

const rsync = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({ oci: z.object({ image: z.string() }) }),
  status: z
    .object({
      lastSyncedCommit: z.string().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      source: z
        .object({
          commit: z.string().optional(),
          errors: z.array(z.object({ code: z.string() })).default([]),
        })
        .optional(),
    })
    .prefault({}),
});

/** Reads a seeded RSync from a cluster's API, as `kubectl get` does. */
export async function readSync(
  clusterUrl: string,
  { namespace, plural, name }: (typeof SEEDED_SYNCS)[number],
): Promise<SyncState> {
  const path = `apis/configsync.gke.io/v1beta1/namespaces/${namespace}/${plural}/${name}`;
  const response = await fetch(`${clusterUrl}/${path}`);
  if (!response.ok) throw new Error(`Cluster answered ${response.status} to GET ${path}`);
  const { metadata, spec, status } = rsync.parse(await response.json());
  const { lastSyncedCommit, conditions } = status;
  return {
    image: spec.oci.image,
    approved: (metadata.annotations['countersign.dev/approved'] ?? '').split(' ').filter(Boolean),
    announced: metadata.annotations['configsync.gke.io/image-to-sync'],
    live: digestOf(lastSyncedCommit),
    pulled: digestOf(status.source?.commit),
    syncing: conditions.some((one) => BUSY.has(one.type) && one.status === 'True'),
    sourceErrors: status.source?.errors.map(({ code }) => code) ?? [],
  };
}

/** Config Sync reports digests without their algorithm. */
function digestOf(commit: string | undefined): string | undefined {
  return commit ? `sha256:${commit}` : undefined;
}
