import { formatAge } from './age.ts';
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
  kind: string;
  shortNames: readonly string[];
  namespaced: boolean;
  /** Custom resources: status is its own subresource, generation counts spec changes. */
  custom: boolean;
  verbs: readonly string[];
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

const READ = ['get', 'list', 'watch'];
const WRITE = [...READ, 'create', 'delete', 'patch', 'update'];

function define(
  kind: string,
  columns: readonly Column[],
  rest: Partial<Omit<Kind, 'kind' | 'columns'>> = {},
): Kind {
  return {
    group: '',
    versions: ['v1'],
    plural: `${kind.toLowerCase()}s`,
    kind,
    shortNames: [],
    namespaced: true,
    custom: false,
    verbs: [...WRITE, 'deletecollection'],
    columns,
    ...rest,
  };
}

/** What a caller may ask of itself, which nothing is stored of. */
const REVIEWS = [
  ['authentication.k8s.io', 'SelfSubjectReview'],
  ['authorization.k8s.io', 'SelfSubjectAccessReview'],
  ['authorization.k8s.io', 'SelfSubjectRulesReview'],
] as const;

export const coreKinds: readonly Kind[] = [
  define('Namespace', [text('Status', 'status.phase'), age], {
    shortNames: ['ns'],
    namespaced: false,
    verbs: WRITE,
  }),
  define('ConfigMap', [size('Data', 'data'), age], { shortNames: ['cm'] }),
  define('Secret', [text('Type', 'type'), size('Data', 'data'), age]),
  define(
    'Event',
    [text('Type', 'type'), text('Reason', 'reason'), text('Message', 'message'), age],
    { shortNames: ['ev'] },
  ),
  define(
    'Deployment',
    [
      { name: 'Ready', type: 'string', cell: (object) => readyOf(object) },
      count('Up-to-date', 'status.updatedReplicas'),
      count('Available', 'status.availableReplicas'),
      age,
    ],
    { group: 'apps', shortNames: ['deploy'], verbs: READ },
  ),
  define('CustomResourceDefinition', [text('Created At', 'metadata.creationTimestamp')], {
    group: 'apiextensions.k8s.io',
    shortNames: ['crd', 'crds'],
    namespaced: false,
    verbs: READ,
  }),
  ...REVIEWS.map(([group, kind]) =>
    define(kind, [], { group, namespaced: false, verbs: ['create'] }),
  ),
];

// The printer columns of Config Sync's CRDs: docs/facts/config-sync.md#status.
const syncColumns = ['Rendering', 'Source', 'Sync'].flatMap((stage) => {
  const path = `status.${stage.toLowerCase()}`;
  return [
    text(`${stage}Commit`, `${path}.commit`),
    count(`${stage}ErrorCount`, `${path}.errorSummary.totalCount`),
  ];
});

export const configSyncKinds: readonly Kind[] = ['RootSync', 'RepoSync'].map((kind) =>
  define(kind, syncColumns, {
    group: 'configsync.gke.io',
    versions: ['v1beta1', 'v1alpha1'],
    custom: true,
  }),
);

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

/** `1/1`: ready, of those that are wanted. */
function readyOf(deployment: KubeObject): string {
  const [ready = 0, wanted = 0] = ['status.readyReplicas', 'spec.replicas'].map(
    (path) => cellAt(deployment, path) ?? 0,
  );
  return `${ready}/${wanted}`;
}

function sizeOf(value: unknown): number {
  return isRecord(value) ? Object.keys(value).length : 0;
}
