import { groupVersion, type Kind } from './kinds.ts';

const WRITE_VERBS = ['create', 'delete', 'patch', 'update'];
const READ_VERBS = ['get', 'list', 'watch'];

/** `/version`: what kubectl and its version skew checks read; `version` as in `1.32.0`. */
export function describeVersion(version: string): Record<string, string> {
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
export function describeSelf(user: string): Record<string, unknown> {
  const userInfo = { username: user, groups: ['system:authenticated'] };
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    status: { userInfo },
  };
}

/** `/api`: the core group's versions. */
export const coreVersions = { kind: 'APIVersions', apiVersion: 'v1', versions: ['v1'] };

/** `/apis`: every named group with its versions. */
export function describeGroups(kinds: readonly Kind[]): Record<string, unknown> {
  const names = new Set(kinds.map((kind) => kind.group).filter((group) => group !== ''));
  const groups = [...names].map((name) => describeGroup(kinds, name));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** `/apis/G`: one group, or undefined where nothing of it is served. */
export function describeGroup(
  kinds: readonly Kind[],
  name: string,
): Record<string, unknown> | undefined {
  const served = kinds.find((kind) => kind.group === name);
  if (served === undefined) return undefined;
  const versions = served.versions.map((version) => ({
    groupVersion: groupVersion(name, version),
    version,
  }));
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions, preferredVersion: versions[0] };
}

/** `/api/v1` and `/apis/G/V`: the resources of one version, or undefined where there are none. */
export function describeResources(
  kinds: readonly Kind[],
  group: string,
  version: string,
): Record<string, unknown> | undefined {
  const served = kinds.filter((kind) => kind.group === group && kind.versions.includes(version));
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersion(group, version),
    resources: served.flatMap(describeKind),
  };
}

function describeKind(kind: Kind): Record<string, unknown>[] {
  const { plural, singular, namespaced, shortNames } = kind;
  const verbs = kind.readOnly ? READ_VERBS : [...READ_VERBS, ...WRITE_VERBS];
  const names = shortNames.length === 0 ? {} : { shortNames };
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs,
    ...names,
  };
  if (!kind.custom) return [main];
  const status = { name: `${plural}/status`, singularName: '', namespaced, kind: kind.kind };
  return [main, { ...status, verbs: ['get', 'patch', 'update'] }];
}

/** `/openapi/v3`: where each version's document is. */
export function listDocuments(kinds: readonly Kind[]): Record<string, unknown> {
  const keys = new Set(kinds.flatMap((kind) => kind.versions.map((version) => key(kind, version))));
  const paths = [...keys].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }]);
  return { paths: Object.fromEntries(paths) };
}

/**
 * One version's document: as much as `kubectl apply` reads, which is whether PATCH takes
 * `dryRun` and `fieldValidation`. Schemas stay open, so kubectl uses its built-in ones.
 */
export function describeDocument(
  kinds: readonly Kind[],
  path: string,
): Record<string, unknown> | undefined {
  const paths: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const kind of kinds) {
    for (const version of kind.versions.filter((candidate) => key(kind, candidate) === path)) {
      const gvk = { group: kind.group, version, kind: kind.kind };
      const scope = kind.namespaced ? 'namespaces/{namespace}/' : '';
      paths[`/${path}/${scope}${kind.plural}/{name}`] = describePath(gvk);
      schemas[[...kind.group.split('.').toReversed(), version, kind.kind].join('.')] = {
        type: 'object',
        'x-kubernetes-group-version-kind': [gvk],
        'x-kubernetes-preserve-unknown-fields': true,
      };
    }
  }
  if (Object.keys(paths).length === 0) return undefined;
  const info = { title: 'Kubernetes', version: 'v1.32.0' };
  return { openapi: '3.0.0', info, paths, components: { schemas } };
}

function key(kind: Kind, version: string): string {
  return kind.group === '' ? `api/${version}` : `apis/${kind.group}/${version}`;
}

function describePath(gvk: Record<string, string>): Record<string, unknown> {
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
