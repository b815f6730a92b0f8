import * as z from 'zod';
import type { SEEDED_SYNCS } from './seed-syncs.ts';

/** What one RSync says of its approval and of what Config Sync made of it. */
export interface SyncState {
  /** `countersign.dev/approved`: digests, the newest first. */
  readonly approved: readonly string[];
  /** `configsync.gke.io/image-to-sync` */
  readonly announced: string | undefined;
  /** The digest that Config Sync synced last. */
  readonly live: string | undefined;
  /** Codes of what keeps Config Sync from its source, such as 2002. */
  readonly sourceErrors: readonly string[];
}

const rsync = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
  status: z
    .object({
      lastSyncedCommit: z.string().optional(),
      source: z.object({ errors: z.array(z.object({ code: z.string() })).default([]) }).optional(),
    })
    .default({}),
});

/** Reads a seeded RSync from a cluster's API, as `kubectl get` does. */
export async function readSync(
  clusterUrl: string,
  { namespace, plural, name }: (typeof SEEDED_SYNCS)[number],
): Promise<SyncState> {
  const path = `apis/configsync.gke.io/v1beta1/namespaces/${namespace}/${plural}/${name}`;
  const response = await fetch(`${clusterUrl}/${path}`);
  if (!response.ok) throw new Error(`Cluster answered ${response.status} to GET ${path}`);
  const { metadata, status } = rsync.parse(await response.json());
  const { lastSyncedCommit } = status;
  return {
    approved: (metadata.annotations['countersign.dev/approved'] ?? '').split(' ').filter(Boolean),
    announced: metadata.annotations['configsync.gke.io/image-to-sync'],
    live: lastSyncedCommit ? `sha256:${lastSyncedCommit}` : undefined,
    sourceErrors: status.source?.errors.map(({ code }) => code) ?? [],
  };
}
