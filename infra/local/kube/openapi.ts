import type { Kind } from './kinds.ts';
import { schemaOf } from './schemas.ts';

/** One kind in one of its versions. */
export interface Served {
  kind: Kind;
  version: string;
}

/** The index of the documents, by the path of each version. */
export function listDocuments(versions: readonly string[]): object {
  const paths = versions.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }]);
  return { paths: Object.fromEntries(paths) };
}

/**
 * One version's document: what `kubectl explain` shows, and as much of the paths as `kubectl apply` reads, which is
 * whether PATCH takes `dryRun` and `fieldValidation`. It offers no strategic merge, so that kubectl uses its own.
 */
export function describeDocument(path: string, list: readonly Served[]): object {
  const paths: Record<string, object> = {};
  const schemas: Record<string, object> = {};
  for (const { kind, version } of list) {
    const gvk = { group: kind.group, version, kind: kind.kind };
    const scope = kind.namespaced ? 'namespaces/{namespace}/' : '';
    const [method, name] = methodOf(kind);
    paths[`/${path}/${scope}${kind.plural}${name}`] = { [method]: describeOperation(gvk) };
    schemas[[...kind.group.split('.').toReversed(), version, kind.kind].join('.')] = {
      ...schemaOf(kind),
      'x-kubernetes-group-version-kind': [gvk],
    };
  }
  const info = { title: 'Kubernetes', version: 'v1.32.0' };
  return { openapi: '3.0.0', info, paths, components: { schemas } };
}

/** How a kind is written, or else read, and whether by name. */
function methodOf({ verbs }: Kind): readonly [method: string, name: string] {
  if (verbs.includes('patch')) return ['patch', '/{name}'];
  return verbs.includes('get') ? ['get', '/{name}'] : ['post', ''];
}

function describeOperation(gvk: object): object {
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  const schema = { type: 'object' };
  return {
    parameters,
    requestBody: { content: { 'application/merge-patch+json': { schema } } },
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-group-version-kind': gvk,
  };
}

/** `openapi.v2.Document` with `swagger: "2.0"` and nothing else. */
const EMPTY_V2 = Buffer.from('\n\u00032.0');
/** As clients accept it, and as it is answered. */
const ACCEPTED_V2 = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * The document of version 2, without a type: kubectl asks for it before it sends a List or a kind that is not served,
 * and takes what it does not find there for valid. The server validates all.
 */
export function answerOpenApiV2(accept: string): Response {
  if ([ACCEPTED_V2, PROTOBUF_V2].some((type) => accept.includes(type))) {
    return new Response(EMPTY_V2, { headers: { 'content-type': PROTOBUF_V2 } });
  }
  const info = { title: 'Kubernetes', version: 'v1.32.0' };
  return Response.json({ swagger: '2.0', info, paths: {}, definitions: {} });
}
