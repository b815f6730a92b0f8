import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { describeApi } from './discovery.ts';
import { findDuplicates } from './duplicates.ts';
import type { Kind } from './kinds.ts';
import { answerOpenApiV2 } from './openapi.ts';
import { checkOptions } from './options.ts';
import { readPatch, readYaml } from './patch.ts';
import { PROTOBUF, readProtobuf } from './protobuf.ts';
import { checkForm } from './accept.ts';
import { showObject, showPage } from './forms.ts';
import { listObjects, watchObjects } from './read.ts';
import { removeCollection, removeObject } from './remove.ts';
import { answerReview } from './reviews.ts';
import { createObject, patchObject, updateObject } from './write.ts';
import {
  type Call,
  type Cluster,
  currentObject,
  type KubeRequest,
  readRequest,
} from './request.ts';
import {
  methodNotAllowed,
  noResource,
  notFound,
  StatusError,
  unsupportedMediaType,
} from './status.ts';

/** The real API server's cap on a request body (MaxRequestBodyBytes): 3 MiB. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Of one request: `closed` resolves when the client has gone, or `drop` cut it off. */
export interface Connection {
  drop: () => void;
  closed: Promise<void>;
}

/** Sees a request before anything else is done with it; a StatusError that it throws is the answer. */
export type Intercept = (request: KubeRequest, connection: Connection) => Promise<void>;

interface AppDeps extends Cluster {
  kinds: readonly Kind[];
  /** Of Kubernetes: `1.32.0`. */
  version: string;
  intercept: Intercept | undefined;
}

type Env = { Bindings: HttpBindings; Variables: { request: KubeRequest } };

/**
 * The HTTP surface of one cluster; every error leaves as a Status.
 *
 * @example const app = createApp({ store, clock, kinds, version, admit: [gate], intercept });
 */
export function createApp(deps: AppDeps): Hono<Env> {
  const { kinds } = deps;
  const app = new Hono<Env>();
  app.onError((error) => answerError(error));
  app.notFound(() => pageNotFound());
  app.use(async (context, next) => {
    await admitRequest(deps, context);
    return next();
  });
  const tooLarge = `Request entity too large: limit is ${MAX_BODY_BYTES}`;
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => answerError(new StatusError(413, 'RequestEntityTooLarge', tooLarge)),
    }),
  );

  for (const path of ['/healthz', '/livez', '/readyz']) app.get(path, (c) => c.text('ok'));
  app.get('/openapi/v2', (c) => answerOpenApiV2(c.req.header('accept') ?? ''));
  const documents = describeApi(kinds, deps.version);
  app.get('*', (c, next) => {
    // With a slash at its end as Python's client asks.
    const document = documents.get(c.req.path.replace(/\/$/, ''));
    return document === undefined ? next() : Promise.resolve(Response.json(document));
  });
  app.all('*', async (context) => {
    const request = context.get('request');
    return (await answerResource(deps, request, context.req.raw)) ?? unserved(kinds, request);
  });
  return app;
}

/** Records the request, and shows it to what intercepts. */
async function admitRequest(deps: AppDeps, context: Context<Env>): Promise<void> {
  const request = readRequest(context.req.raw);
  context.set('request', request);
  const { verb, user, path, fieldManager } = request;
  deps.store.record({ verb, user, path, fieldManager, at: deps.clock() });
  if (deps.intercept === undefined) return;
  const { incoming, outgoing } = context.env;
  const closed = new Promise<void>((resolve) => outgoing.once('close', resolve));
  await deps.intercept(request, { drop: () => incoming.socket.destroy(), closed });
}

/** Answers one request for a resource; undefined where no such resource is served. */
async function answerResource(
  cluster: AppDeps,
  request: KubeRequest,
  raw: Request,
): Promise<Response | undefined> {
  const call = findCall(cluster.kinds, request);
  if (call === undefined) return undefined;
  checkOptions(call, raw.headers.get('content-type'));
  checkForm(request);
  switch (request.verb) {
    case 'get': {
      const object = currentObject(cluster, call);
      if (object === undefined) throw notFound(call.kind, call.target.name ?? '');
      return Response.json(showObject(call, object, cluster.clock()));
    }
    case 'list':
      return Response.json(showPage(call, listObjects(cluster, call), cluster.clock()));
    case 'watch': {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' };
      return new Response(watchObjects(cluster, call), { headers });
    }
    case 'create': {
      const { body, duplicates } = await readBody(raw, call.kind);
      const review = answerReview(call, body);
      if (review !== undefined) return Response.json(review, { status: 201 });
      return createObject(cluster, { ...call, duplicates }, body);
    }
    case 'update': {
      const { body, duplicates } = await readBody(raw, call.kind);
      return updateObject(cluster, { ...call, duplicates }, body);
    }
    case 'patch': {
      const text = await raw.text();
      const patch = readPatch(call.kind, raw.headers.get('content-type'), text);
      return patchObject(cluster, { ...call, duplicates: findDuplicates(text) }, patch);
    }
    case 'delete': {
      const left = await removeObject(cluster, call, (await readBody(raw)).body);
      return Response.json(showObject(call, left, cluster.clock()));
    }
    case 'deletecollection': {
      const page = await removeCollection(cluster, call, (await readBody(raw)).body);
      return Response.json(showPage(call, page, cluster.clock()));
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
  return { kind, request, target, duplicates: [] };
}

const BODY_TYPES = ['application/json', 'application/yaml'];

async function readBody(
  raw: Request,
  kind?: Kind,
): Promise<{ body: unknown; duplicates: readonly string[] }> {
  const type = raw.headers.get('content-type')?.split(';')[0]?.trim() ?? 'application/json';
  const accepted = kind?.custom === true ? BODY_TYPES : [...BODY_TYPES, PROTOBUF];
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  if (type === PROTOBUF) {
    return { body: readProtobuf(Buffer.from(await raw.arrayBuffer())), duplicates: [] };
  }
  const text = await raw.text();
  return { body: text === '' ? undefined : readYaml(text), duplicates: findDuplicates(text) };
}

// Of its own kinds' versions the real server answers what it does not serve with a Status, all else in plain text.
function unserved(kinds: readonly Kind[], { target }: KubeRequest): Response {
  const isOwn = kinds.some(
    ({ group, versions, custom }) =>
      !custom && group === target?.group && versions.includes(target.version),
  );
  return isOwn ? answerError(noResource()) : pageNotFound();
}

function pageNotFound(): Response {
  return new Response('404 page not found\n', { status: 404 });
}

function answerError(error: Error): Response {
  const message = `Internal error occurred: ${error.message}`;
  const { status } =
    error instanceof StatusError ? error : new StatusError(500, 'InternalError', message);
  const seconds = status.details?.retryAfterSeconds;
  const headers = seconds === undefined ? {} : { 'retry-after': `${seconds}` };
  return Response.json(status, { status: status.code, headers });
}
