const APPROVED_AT = '2026-11-22T05:00:00Z';
const USER = 'system:serviceaccount:config-management-system:root-reconciler';
const ANNOTATION = 'configsync.gke.io/image-to-sync';

export interface Announcement {
  /** `spec.oci.image`. */
  readonly image: string;
  /** What `image-to-sync` was, and is to be. */
  readonly from: string;
  readonly to: string;
  readonly uid: string;
}

/** An AdmissionReview as an API server sends it when Config Sync announces what it has pulled; about 3.4 kB. */
export function reviewBody({ image, from, to, uid }: Announcement): string {
  const kind = { group: 'configsync.gke.io', version: 'v1beta1', kind: 'RootSync' };
  const resource = { group: 'configsync.gke.io', version: 'v1beta1', resource: 'rootsyncs' };
  return JSON.stringify({
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: 'root-sync',
      namespace: 'config-management-system',
      operation: 'UPDATE',
      userInfo: { username: USER, groups: ['system:serviceaccounts', 'system:authenticated'] },
      object: rootSync(image, to),
      oldObject: rootSync(image, from),
      dryRun: false,
      options: { kind: 'PatchOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'configsync' },
    },
  });
}

function rootSync(image: string, announced: string): object {
  const commit = announced.split('sha256:')[1] ?? '';
  const stage = {
    ociStatus: { image, dir: '.' },
    commit,
    lastUpdate: APPROVED_AT,
    errorSummary: {},
  };
  const condition = (type: string): object => ({
    type,
    status: 'False',
    lastUpdateTime: APPROVED_AT,
    lastTransitionTime: APPROVED_AT,
  });
  return {
    apiVersion: 'configsync.gke.io/v1beta1',
    kind: 'RootSync',
    metadata: {
      name: 'root-sync',
      namespace: 'config-management-system',
      uid: '8f9a7c1e-0000-4000-8000-000000000000',
      resourceVersion: '4711',
      generation: 1,
      creationTimestamp: APPROVED_AT,
      annotations: { [ANNOTATION]: announced },
    },
    spec: {
      sourceFormat: 'unstructured',
      sourceType: 'oci',
      oci: { image, dir: '.', auth: 'none', period: '15s' },
    },
    status: {
      observedGeneration: 1,
      reconciler: 'root-reconciler',
      lastSyncedCommit: commit,
      source: stage,
      rendering: stage,
      sync: stage,
      conditions: ['Reconciling', 'Stalled', 'Syncing'].map(condition),
    },
  };
}
