import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { addBlobRoutes } from './blobs.ts';
import { RegistryError } from './errors.ts';
import { addManifestRoutes, createAnnouncer, type Notification } from './manifests.ts';
import { addReferrerRoutes, addTagRoutes } from './lists.ts';
import { createStore } from './store.ts';
import { addTokenAuth, type TokenAuth } from './token-auth.ts';
import { addUploadRoutes } from './uploads.ts';

export interface RunningRegistry {
  /** `127.0.0.1:5000`: as references name it. */
  readonly host: string;
  readonly url: string;
  /** Closes the port and every connection; what was pushed is gone. */
  close(): Promise<void>;
}

/** Starts an empty registry; port 0 takes a free one. A taken port rejects with the system's `EADDRINUSE` error. */
export async function startRegistry(
  options: RegistryOptions & { readonly host?: string; readonly port: number },
): Promise<RunningRegistry> {
  const { host: address = '127.0.0.1', port } = options;
  const server = createServer();
  server.listen(port, address);
  await once(server, 'listening');
  const bound = server.address();
  const host = `${address}:${typeof bound === 'object' && bound !== null ? bound.port : port}`;
  const app = createRegistryApp({ ...options, host });
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  server.on('request', (incoming, outgoing) => void answer(incoming, outgoing));
  return {
    host,
    url: `http://${host}`,
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

export interface RegistryOptions {
  /** Called once per manifest written or deleted. Its failure goes to `onError`, never to the client. */
  readonly notify?: (notification: Notification) => Promise<void>;
  /** Failures of `notify`, and errors of ours that were answered with 500. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: () => Date;
  /**
   * Sees each request first; an answer of its own takes the place of the registry's. It must clone a request whose
   * body it reads.
   */
  readonly fault?: (request: Request) => Response | undefined | Promise<Response | undefined>;
  /** Asks for bearer tokens; open to everybody without it. */
  readonly auth?: TokenAuth;
}

/** An empty OCI registry (distribution 1.1) in memory. `host` is `host:port` as references name it. */
export function createRegistryApp(options: RegistryOptions & { readonly host: string }): Hono {
  const { auth, clock = () => new Date(), fault, host } = options;
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
  if (auth !== undefined) addTokenAuth(app, { auth, host, clock });

  app.on('GET', ['/v2', '/v2/'], (c) => c.json({}));
  addUploadRoutes(app, { store, clock });
  addBlobRoutes(app, store);
  addManifestRoutes(app, { store, host, announce: createAnnouncer({ notify, onError }) });
  addTagRoutes(app, store);
  addReferrerRoutes(app, store);

  app.notFound((c) => {
    const message = `${c.req.method} ${c.req.path} is not part of the distribution API`;
    return new RegistryError('UNSUPPORTED', message, { status: 404 }).toResponse();
  });
  app.onError((error) => {
    if (error instanceof RegistryError) return error.toResponse();
    onError(error);
    return new RegistryError('UNKNOWN', 'Registry failed').toResponse();
  });
  return app;
}
