/** What one cluster's RootSync is at a moment, as far as anything changes. */
export interface SyncState {
  readonly id: string;
  readonly image: string;
  version: number;
  annotations: Readonly<Record<string, string>>;
  /** What Config Sync reports as live: what was approved last, at once. */
  live: string;
}

const UPDATED = '2026-11-22T05:00:00Z';
const SUMMARY = '"errorSummary":{}';

/** A RootSync in the size that Config Sync gives it, written out by hand: the double must not be what is measured. */
export function rootSyncJson({ id, image, version, annotations, live }: SyncState): string {
  const stage = `{"ociStatus":{"image":"${image}","dir":"."},"commit":"${live}","lastUpdate":"${UPDATED}",${SUMMARY}}`;
  const condition = (type: string, more = ''): string =>
    `{"type":"${type}","status":"False","reason":"","message":"","commit":"${live}","lastUpdateTime":"${UPDATED}","lastTransitionTime":"${UPDATED}"${more}}`;
  return `{"apiVersion":"configsync.gke.io/v1beta1","kind":"RootSync","metadata":{"name":"root-sync","namespace":"config-management-system","uid":"0000-${id}","resourceVersion":"${version}","generation":1,"creationTimestamp":"${UPDATED}","annotations":${JSON.stringify(annotations)},"managedFields":[${MANAGED}]},"spec":{"sourceFormat":"unstructured","sourceType":"oci","oci":{"image":"${image}","dir":".","auth":"none","period":"15s"},"override":{"reconcileTimeout":"5m0s","statusMode":"enabled"}},"status":{"observedGeneration":1,"reconciler":"root-reconciler","lastSyncedCommit":"${live}","source":${stage},"rendering":${stage.replace('}', '},"message":""')},"sync":${stage},"conditions":[${condition('Reconciling')},${condition('Stalled')},${condition('Syncing', `,"errorSourceRefs":[],${SUMMARY}`)},${condition('ReconcilerFinalizing')}]}}`;
}

/** Who wrote which field: half of what an API server sends. */
const MANAGED = ['kubectl', 'reconciler-manager', 'reconciler', 'countersign']
  .map(
    (manager) =>
      `{"manager":"${manager}","operation":"Update","apiVersion":"configsync.gke.io/v1beta1","time":"${UPDATED}","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:configsync.gke.io/image-to-sync":{},"f:countersign.dev/approved":{},"f:countersign.dev/receipt":{}}},"f:spec":{".":{},"f:oci":{".":{},"f:auth":{},"f:dir":{},"f:image":{},"f:period":{}},"f:override":{".":{},"f:reconcileTimeout":{},"f:statusMode":{}},"f:sourceFormat":{},"f:sourceType":{}}}}`,
  )
  .join(',');

/** A list as an API server answers it. */
export function listJson(kind: string, version: number, items: readonly string[]): string {
  return `{"apiVersion":"configsync.gke.io/v1beta1","kind":"${kind}List","metadata":{"resourceVersion":"${version}","continue":""},"items":[${items.join(',')}]}`;
}
