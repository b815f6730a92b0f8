interface RepoSyncState {
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
  readonly version: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A RepoSync that has synced nothing yet, in the size that an API server gives it. */
export function repoSyncJson({
  namespace,
  name,
  image,
  version,
  annotations,
}: RepoSyncState): string {
  return JSON.stringify({
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RepoSync',
    metadata: {
      name,
      namespace,
      uid: `${namespace}-${name}`,
      resourceVersion: `${version}`,
      generation: 2,
      annotations,
      managedFields: MANAGED,
    },
    spec: {
      sourceFormat: 'unstructured',
      sourceType: 'oci',
      oci: { image, dir: '.', auth: 'none', period: '0s' },
    },
    status: { observedGeneration: 2, source: {}, rendering: {}, sync: {}, conditions: [] },
  });
}

/** Who wrote which field: half of what an API server sends. */
const MANAGED = ['kubectl', 'reconciler-manager', 'reconciler', 'countersign'].map((manager) => ({
  manager,
  operation: 'Update',
  apiVersion: 'configsync.gke.io/v1beta1',
  time: '2026-11-22T05:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:metadata': { 'f:annotations': { '.': {}, 'f:countersign.dev/approved': {} } },
    'f:spec': { '.': {}, 'f:oci': { '.': {}, 'f:auth': {}, 'f:dir': {}, 'f:image': {} } },
    'f:status': { '.': {}, 'f:conditions': {}, 'f:source': {}, 'f:rendering': {}, 'f:sync': {} },
  },
}));

/** A page of a list as an API server answers it. */
export function listJson(kind: string, items: readonly string[], next = ''): string {
  return `{"apiVersion":"configsync.gke.io/v1beta1","kind":"${kind}List","metadata":{"resourceVersion":"1","continue":"${next}"},"items":[${items.join(',')}]}`;
}
