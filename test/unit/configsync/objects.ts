/** RSyncs as an API server returns them. */
export const HEX = 'a'.repeat(64);
export const IMAGE = 'us-docker.pkg.dev/acme/configs/platform:v1';

type Json = Readonly<Record<string, unknown>>;

/** A RootSync that has just been created; `metadata` is merged, the rest replaced. */
export function rootSync({ metadata, ...rest }: { metadata?: Json } & Json = {}): Json {
  return {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: {
      name: 'root-sync',
      namespace: 'config-management-system',
      uid: 'b3b6',
      resourceVersion: '41',
      generation: 2,
      ...metadata,
    },
    spec: { sourceType: 'oci', oci: { image: IMAGE, dir: 'base', auth: 'none' } },
    ...rest,
  };
}

/** A RepoSync of a tenant. */
export function repoSync({ metadata, ...rest }: { metadata?: Json } & Json = {}): Json {
  return rootSync({
    kind: 'RepoSync',
    metadata: { name: 'repo-sync', namespace: 'team-a', uid: 'c4c7', ...metadata },
    ...rest,
  });
}

/** The status of one that is live on `HEX`. */
export function liveStatus(): Json {
  const stage = {
    commit: HEX,
    lastUpdate: '2026-11-22T05:00:00Z',
    ociStatus: { image: IMAGE, dir: 'base' },
    errorSummary: { totalCount: 0, truncated: false, errorCountAfterTruncation: 0 },
  };
  return {
    observedGeneration: 2,
    reconciler: 'root-reconciler',
    lastSyncedCommit: HEX,
    source: stage,
    rendering: { ...stage, message: 'Rendering skipped' },
    sync: stage,
    conditions: [
      { type: 'Reconciling', status: 'False', reason: '', message: '' },
      { type: 'Stalled', status: 'False', reason: '', message: '' },
      {
        type: 'Syncing',
        status: 'False',
        reason: 'Sync',
        message: 'Sync Completed',
        commit: HEX,
        errorSummary: { totalCount: 0, truncated: false, errorCountAfterTruncation: 0 },
      },
    ],
  };
}
