import { groupVersion, type Kind } from './kinds.ts';
import { describeDocument, listDocuments, type Served } from './openapi.ts';

/** The documents of discovery, by path: what kubectl and client-node ask for to know what is served. */
export function describeApi(kinds: readonly Kind[], version: string): ReadonlyMap<string, object> {
  const served = kinds.flatMap((kind) => kind.versions.map((each) => ({ kind, version: each })));
  const versions = [...Map.groupBy(served, ({ kind, version: each }) => pathOf(kind, each))];
  const named = Map.groupBy(kinds, ({ group }) => group);
  named.delete('');
  const groups = [...named].flatMap(([name, [first]]) => (first ? describeGroup(name, first) : []));
  const documents = new Map<string, object>([
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
  return documents.set('', { paths: [...documents.keys()].toSorted() });
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

function describeKind({ plural, kind, namespaced, shortNames, verbs, custom }: Kind): object[] {
  const main = {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(kind === 'Deployment' ? { categories: ['all'] } : {}),
  };
  if (!custom) return [main];
  const status = { name: `${plural}/status`, singularName: '', namespaced, kind };
  return [main, { ...status, verbs: ['get', 'patch', 'update'] }];
}
