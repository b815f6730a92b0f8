import * as z from 'zod';
import type { SEEDED_SYNCS } from './seed-syncs.ts';

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
