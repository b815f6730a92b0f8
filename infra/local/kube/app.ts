import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Cluster, type KubeRequest, readRequest } from './request.ts';
import { describeApi, describeSelf } from './discovery.ts';
import type { Kind } from './kinds.ts';
import { MAX_BODY_BYTES } from './limits.ts';
import { answerResource } from './resource.ts';
import { requestTooLarge, StatusError } from './status.ts';

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
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => answerError(requestTooLarge(MAX_BODY_BYTES)),
    }),
  );

  for (const path of ['/healthz', '/livez', '/readyz']) app.get(path, (c) => c.text('ok'));
  app.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', (c) =>
    c.json(describeSelf(c.get('request').user), 201),
  );
  const documents = describeApi(kinds, deps.version);
  app.get('*', (c, next) => {
    const document = documents.get(c.req.path);
    return document === undefined ? next() : Promise.resolve(Response.json(document));
  });
  app.all('*', async (context) => {
    const request = context.get('request');
    return (await answerResource(deps, request, context.req.raw)) ?? pageNotFound();
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

// The real server answers paths that it does not serve in plain text, not with a Status.
function pageNotFound(): Response {
  return new Response('404 page not found\n', { status: 404 });
}

function answerError(error: Error): Response {
  const known =
    error instanceof StatusError
      ? error
      : new StatusError(500, 'InternalError', `Internal error occurred: ${error.message}`);
  const { status } = known;
  const headers = new Headers();
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) headers.set('retry-after', String(seconds));
  return Response.json(status, { status: status.code, headers });
}
