import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createRegistryApp, type RegistryOptions } from './app.ts';

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
