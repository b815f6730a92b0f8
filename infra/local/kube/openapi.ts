import type { Kind } from './kinds.ts';

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
