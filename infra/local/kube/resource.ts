import { type Call, currentObject, present, type Cluster, type KubeRequest } from './request.ts';
import type { Kind } from './kinds.ts';
import { listObjects, readTableRequest, toTable, watchObjects } from './read.ts';
import { readPatch, readYaml } from './patch.ts';
import { removeObject } from './remove.ts';
import { invalidOptions, methodNotAllowed, notFound, unsupportedMediaType } from './status.ts';
import { createObject, patchObject, updateObject, type Written } from './write.ts';

const BODY_TYPES = ['application/json', 'application/yaml'];

/** Answers one request for a resource; undefined where no such resource is served. */
export async function answerResource(
  cluster: Cluster & { kinds: readonly Kind[] },
  request: KubeRequest,
  raw: Request,
): Promise<Response | undefined> {
  const call = findCall(cluster.kinds, request);
  if (call === undefined) return undefined;
  checkOptions(call);
  const table = readTableRequest(raw.headers.get('accept') ?? '', request.query);
  switch (request.verb) {
    case 'get': {
      const object = currentObject(cluster, call);
      if (object === undefined) throw notFound(call.kind, call.target.name ?? '');
      const shown = present(call, object);
      if (table === undefined) return Response.json(shown);
      return Response.json(toTable(call.kind, [shown], table, cluster.clock(), true));
    }
    case 'list': {
      const page = listObjects(cluster, call);
      if (table === undefined) return Response.json(page);
      const rows = toTable(call.kind, page.items, table, cluster.clock(), true);
      return Response.json({ ...rows, metadata: page.metadata });
    }
    case 'watch': {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' };
      return new Response(watchObjects(cluster, call, table), { headers });
    }
    case 'create':
      return answerWritten(call, await createObject(cluster, call, await readBody(raw)));
    case 'update':
      return answerWritten(call, await updateObject(cluster, call, await readBody(raw)));
    case 'patch': {
      const patch = readPatch(call.kind, raw.headers.get('content-type'), await raw.text());
      return answerWritten(call, await patchObject(cluster, call, patch));
    }
    case 'delete': {
      return Response.json(await removeObject(cluster, call, (await readBody(raw)) ?? {}));
    }
    default:
      throw methodNotAllowed();
  }
}

function findCall(kinds: readonly Kind[], request: KubeRequest): Call | undefined {
  const { target } = request;
  const kind = kinds.find(
    ({ group, versions, plural }) =>
      group === target?.group && plural === target.plural && versions.includes(target.version),
  );
  if (kind === undefined || target === undefined) return undefined;
  const { namespace, name, subresource } = target;
  if (namespace !== undefined && !kind.namespaced) return undefined;
  if (subresource !== undefined && !(subresource === 'status' && kind.custom)) return undefined;
  // Only lists and watches reach across namespaces.
  if (kind.namespaced && namespace === undefined && name !== undefined) return undefined;
  return { kind, request, target };
}

function checkOptions({ kind, request, target }: Call): void {
  const { verb, query } = request;
  if (['get', 'list', 'watch'].includes(verb)) return;
  const unplaced = kind.namespaced && target.namespace === undefined;
  const misnamed = (target.name === undefined) !== (verb === 'create');
  const subresource = target.subresource !== undefined && verb !== 'update' && verb !== 'patch';
  if (kind.readOnly || unplaced || misnamed || subresource) throw methodNotAllowed();
  const unknown = query.getAll('dryRun').find((value) => value !== 'All');
  if (unknown === undefined) return;
  const text = `Unsupported value: ${JSON.stringify(unknown)}: supported values: "All"`;
  throw invalidOptions(`${verb[0]?.toUpperCase()}${verb.slice(1)}Options`, 'dryRun', text);
}

// kubectl 1.33's `create` sends built-in kinds as protobuf, which only a real server reads.
async function readBody(raw: Request): Promise<unknown> {
  const type = raw.headers.get('content-type')?.split(';')[0]?.trim() ?? 'application/json';
  if (!BODY_TYPES.includes(type)) throw unsupportedMediaType(BODY_TYPES);
  const text = await raw.text();
  return text === '' ? undefined : readYaml(text);
}

function answerWritten(call: Call, { code, object }: Written): Response {
  return Response.json(present(call, object), { status: code });
}
