import { isRecord, type KubeObject, valueAt } from './store.ts';

/** One column of `kubectl get`. */
export interface Column {
  name: string;
  type: 'string' | 'integer';
  cell: (object: KubeObject, now: Date) => string | number | null;
}

/** One kind that is served; versions share their storage, the first is preferred. */
export interface Kind {
  group: string;
  versions: readonly [string, ...string[]];
  plural: string;
  singular: string;
  kind: string;
  shortNames: readonly string[];
  namespaced: boolean;
  /** Custom resources: status is its own subresource, generation counts spec changes. */
  custom: boolean;
  readOnly: boolean;
  columns: readonly Column[];
}

const age: Column = {
  name: 'Age',
  type: 'string',
  cell: (object, now) => formatAge(object.metadata.creationTimestamp, now),
};

function text(name: string, path: string): Column {
  return { name, type: 'string', cell: (object) => cellAt(object, path) };
}

function count(name: string, path: string): Column {
  return { name, type: 'integer', cell: (object) => cellAt(object, path) };
}

function size(name: string, path: string): Column {
  return { name, type: 'integer', cell: (object) => sizeOf(valueAt(object, path)) };
}

// The printer columns of Config Sync's CRDs: docs/facts/config-sync.md#status.
const syncColumns: readonly Column[] = [
  text('RenderingCommit', 'status.rendering.commit'),
  count('RenderingErrorCount', 'status.rendering.errorSummary.totalCount'),
  text('SourceCommit', 'status.source.commit'),
  count('SourceErrorCount', 'status.source.errorSummary.totalCount'),
  text('SyncCommit', 'status.sync.commit'),
  count('SyncErrorCount', 'status.sync.errorSummary.totalCount'),
];

const core = { group: '', versions: ['v1'], custom: false, readOnly: false } as const;
const sync = {
  group: 'configsync.gke.io',
  versions: ['v1beta1', 'v1alpha1'],
  shortNames: [],
  namespaced: true,
  custom: true,
  readOnly: false,
  columns: syncColumns,
} as const;

export const coreKinds: readonly Kind[] = [
  {
    ...core,
    plural: 'namespaces',
    singular: 'namespace',
    kind: 'Namespace',
    shortNames: ['ns'],
    namespaced: false,
    columns: [text('Status', 'status.phase'), age],
  },
  {
    ...core,
    plural: 'configmaps',
    singular: 'configmap',
    kind: 'ConfigMap',
    shortNames: ['cm'],
    namespaced: true,
    columns: [size('Data', 'data'), age],
  },
  {
    ...core,
    plural: 'secrets',
    singular: 'secret',
    kind: 'Secret',
    shortNames: [],
    namespaced: true,
    columns: [text('Type', 'type'), size('Data', 'data'), age],
  },
  {
    ...core,
    plural: 'events',
    singular: 'event',
    kind: 'Event',
    shortNames: ['ev'],
    namespaced: true,
    columns: [text('Type', 'type'), text('Reason', 'reason'), text('Message', 'message'), age],
  },
  {
    ...core,
    group: 'apps',
    plural: 'deployments',
    singular: 'deployment',
    kind: 'Deployment',
    shortNames: ['deploy'],
    namespaced: true,
    readOnly: true,
    columns: [age],
  },
  {
    ...core,
    group: 'apiextensions.k8s.io',
    plural: 'customresourcedefinitions',
    singular: 'customresourcedefinition',
    kind: 'CustomResourceDefinition',
    shortNames: ['crd', 'crds'],
    namespaced: false,
    readOnly: true,
    columns: [text('Created At', 'metadata.creationTimestamp')],
  },
];

export const configSyncKinds: readonly Kind[] = [
  { ...sync, plural: 'rootsyncs', singular: 'rootsync', kind: 'RootSync' },
  { ...sync, plural: 'reposyncs', singular: 'reposync', kind: 'RepoSync' },
];

/** `rootsyncs.configsync.gke.io`, or `configmaps` for the core group. */
export function qualifiedResource(kind: Pick<Kind, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** `configsync.gke.io/v1beta1`, or `v1` for the core group. */
export function groupVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

function cellAt(object: KubeObject, path: string): string | number | null {
  const value = valueAt(object, path);
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

function sizeOf(value: unknown): number {
  return isRecord(value) ? Object.keys(value).length : 0;
}

function formatAge(since: string | undefined, now: Date): string {
  if (since === undefined) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 3 * 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
