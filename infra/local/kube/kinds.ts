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
    readOnly: false,
    columns,
    ...rest,
  };
}

export const coreKinds: readonly Kind[] = [
  define('Namespace', [text('Status', 'status.phase'), age], {
    shortNames: ['ns'],
    namespaced: false,
  }),
  define('ConfigMap', [size('Data', 'data'), age], { shortNames: ['cm'] }),
  define('Secret', [text('Type', 'type'), size('Data', 'data'), age]),
  define(
    'Event',
    [text('Type', 'type'), text('Reason', 'reason'), text('Message', 'message'), age],
    { shortNames: ['ev'] },
  ),
  define('Deployment', [age], { group: 'apps', shortNames: ['deploy'], readOnly: true }),
  define('CustomResourceDefinition', [text('Created At', 'metadata.creationTimestamp')], {
    group: 'apiextensions.k8s.io',
    shortNames: ['crd', 'crds'],
    namespaced: false,
    readOnly: true,
  }),
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

const WRITE_VERBS = ['create', 'delete', 'patch', 'update'];
const READ_VERBS = ['get', 'list', 'watch'];

/** The documents of discovery, by path: what kubectl and client-node ask for to know what is served. */
export function describeApi(kinds: readonly Kind[], version: string): ReadonlyMap<string, object> {
  const served = kinds.flatMap((kind) => kind.versions.map((each) => ({ kind, version: each })));
  const versions = [...Map.groupBy(served, ({ kind, version: each }) => pathOf(kind, each))];
  const named = Map.groupBy(kinds, ({ group }) => group);
  named.delete('');
  const groups = [...named].flatMap(([name, [first]]) => (first ? describeGroup(name, first) : []));
  return new Map<string, object>([
    ['/version', describeVersion(version)],
    ['/api', { kind: 'APIVersions', apiVersion: 'v1', versions: ['v1'] }],
    ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups }],
    ...groups.map((group) => [`/apis/${group.name}`, group] as const),
    ...versions.map(([path, list]) => [`/${path}`, describeResources(list)] as const),
    ['/openapi/v3', listDocuments(versions.map(([path]) => path))],
    ...versions.map(
      ([path, list]) => [`/openapi/v3/${path}`, describeDocument(path, list)] as const,
    ),
  ]);
}

/** One kind in one of its versions. */
interface Served {
  kind: Kind;
  version: string;
}

function pathOf({ group }: Kind, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** What kubectl and its version skew checks read; `version` as in `1.32.0`. */
function describeVersion(version: string): object {
  const [major = '', minor = ''] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '0000000000000000000000000000000000000000',
    gitTreeState: 'clean',
    buildDate: '2024-12-11T00:00:00Z',
    goVersion: 'go1.23.3',
    compiler: 'gc',
    platform: 'linux/amd64',
  };
}

/** The answer to a SelfSubjectReview: as whom the caller is known. */
export function describeSelf(user: string): object {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    status: { userInfo: { username: user, groups: ['system:authenticated'] } },
  };
}

function describeGroup(name: string, { versions: served }: Kind) {
  const versions = served.map((version) => ({
    groupVersion: groupVersion(name, version),
    version,
  }));
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion: versions[0] };
}

function describeResources(list: readonly Served[]): object {
  const [first] = list;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(first?.kind.group ?? '', first?.version ?? ''),
    resources: list.flatMap(({ kind }) => describeKind(kind)),
  };
}

function describeKind({ plural, kind, namespaced, shortNames, ...rest }: Kind): object[] {
  const main = {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: rest.readOnly ? READ_VERBS : [...READ_VERBS, ...WRITE_VERBS],
    ...(shortNames.length === 0 ? {} : { shortNames }),
  };
  if (!rest.custom) return [main];
  const verbs = ['get', 'patch', 'update'];
  return [main, { name: `${plural}/status`, singularName: '', namespaced, kind, verbs }];
}

function listDocuments(versions: readonly string[]): object {
  const paths = versions.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }]);
  return { paths: Object.fromEntries(paths) };
}

/**
 * One version's document: as much as `kubectl apply` reads, which is whether PATCH takes
 * `dryRun` and `fieldValidation`. Schemas stay open, so kubectl uses its built-in ones.
 */
function describeDocument(path: string, list: readonly Served[]): object {
  const paths: Record<string, object> = {};
  const schemas: Record<string, object> = {};
  for (const { kind, version } of list) {
    const gvk = { group: kind.group, version, kind: kind.kind };
    const scope = kind.namespaced ? 'namespaces/{namespace}/' : '';
    paths[`/${path}/${scope}${kind.plural}/{name}`] = describePath(gvk);
    schemas[[...kind.group.split('.').toReversed(), version, kind.kind].join('.')] = {
      type: 'object',
      'x-kubernetes-group-version-kind': [gvk],
      'x-kubernetes-preserve-unknown-fields': true,
    };
  }
  const info = { title: 'Kubernetes', version: 'v1.32.0' };
  return { openapi: '3.0.0', info, paths, components: { schemas } };
}

function describePath(gvk: object): object {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  const schema = { type: 'object' };
  return {
    patch: {
      parameters,
      requestBody: { content: { 'application/merge-patch+json': { schema } } },
      responses: { 200: { description: 'OK' } },
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': gvk,
    },
  };
}
