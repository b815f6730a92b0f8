import { Hono } from 'hono';
import { listen, type Listening } from '../listen.ts';
import { addBlobRoutes, addUploadRoutes } from './blobs.ts';
import { RegistryError } from './request.ts';
import { addManifestRoutes, createAnnouncer, type Notification } from './manifests.ts';
import { addCatalogRoute, addReferrerRoutes, addTagRoutes } from './lists.ts';
import { createStore } from './store.ts';

/** `host` is as references name it; what was pushed is gone when it is closed. */
export interface RunningRegistry extends Listening {
  readonly url: string;
}

/**
 * Starts an empty registry; port 0 takes a free one. A taken port rejects with the system's `EADDRINUSE` error.
 *
 * @example
 * const registry = await startRegistry({ port: 0, notify: (notification) => pubsub.publish('gcr', notification) });
 */
export async function startRegistry(
  options: RegistryOptions & { readonly port: number },
): Promise<RunningRegistry> {
  const { port } = options;
  const running = await listen((host) => createRegistryApp({ ...options, host }), port);
  return { ...running, url: `http://${running.host}` };
}

export interface RegistryOptions {
  /** Called once per manifest written or deleted. Its failure goes to `onError`, never to the client. */
  readonly notify?: (notification: Notification) => Promise<void>;
  /** Failures of `notify`, and errors of the registry itself that were answered with 500. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: () => Date;
  /** A tag is pushed once, as in a repository of Artifact Registry with immutable tags. */
  readonly immutableTags?: true;
  /**
   * Sees each request first; an answer of its own takes the place of the registry's. It must clone a request whose
   * body it reads.
   */
  readonly fault?: (request: Request) => Response | undefined | Promise<Response | undefined>;
  /** Adds what decides who may ask: nothing does without it. */
  readonly guard?: (app: Hono, place: { host: string; clock: () => Date }) => void;
}

/**
 * An empty OCI registry (distribution 1.1) in memory. `host` is `host:port` as references name it. No specification
 * states the limits that are marked "Own".
 *
 * @example
 * const answer = await createRegistryApp({ host: 'registry.example' }).request('/v2/');
 */
export function createRegistryApp(options: RegistryOptions & { readonly host: string }): Hono {
  const { guard, clock = () => new Date(), fault, host } = options;
  const { notify = async () => undefined, onError = () => undefined } = options;
  const store = createStore();
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    // Countersign reads a resolution's time from here (docs/design.md#law-4), so the injected clock decides it.
    if (!c.res.headers.has('date')) c.header('date', clock().toUTCString());
    c.header('docker-distribution-api-version', 'registry/2.0');
  });
  app.use(async (c, next) => (await fault?.(c.req.raw)) ?? next());
  guard?.(app, { host, clock });

  app.on('GET', ['/v2', '/v2/'], (c) => c.json({}));
  addCatalogRoute(app, store);
  addUploadRoutes(app, { store, clock });
  addBlobRoutes(app, store);
  const announce = createAnnouncer({ notify, onError });
  addManifestRoutes(app, { store, host, announce, isImmutable: options.immutableTags === true });
  addTagRoutes(app, store);
  addReferrerRoutes(app, store);

  app.notFound((c) => {
    const message = `${c.req.method} ${c.req.path} is not part of the distribution API`;
    return new RegistryError('UNSUPPORTED', message, undefined, { status: 404 }).toResponse();
  });
  app.onError((error) => {
    if (error instanceof RegistryError) return error.toResponse();
    onError(error);
    return new RegistryError('UNKNOWN', 'Registry failed').toResponse();
  });
  return app;
}
