import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';

export interface Listening {
  /** `127.0.0.1:5000`. */
  readonly host: string;
  /** Closes the port and every connection. */
  readonly close: () => Promise<void>;
}

/**
 * Serves an app over plain HTTP on loopback; port 0, the default, takes a free one, and a taken port rejects with the
 * system's `EADDRINUSE`. The app is made when the address is known, for what it answers may name it.
 * `overrideGlobalObjects` is for an app that makes a Request of the one it is given, as Hono's `bodyLimit` does.
 *
 * @example
 * const { host, close } = await listen(() => new Hono(), 5000);
 */
export async function listen(
  makeApp: (host: string) => { readonly fetch: Parameters<typeof getRequestListener>[0] },
  port = 0,
  overrideGlobalObjects = false,
): Promise<Listening> {
  // The client ends an idle connection: one that both end at once takes the next request with it.
  const server = createServer({ keepAliveTimeout: 0 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : port}`;
  const answer = getRequestListener(makeApp(host).fetch, { overrideGlobalObjects });
  server.on('request', (incoming, outgoing) => void answer(incoming, outgoing));
  return {
    host,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
