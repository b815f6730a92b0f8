import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';

export interface ConnectProxy {
  /** `host:port` of each CONNECT, in their order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/**
 * A proxy that knows one zone: names below it are on this machine, and no other is reached. It listens on the
 * given port of loopback, or at the given path of a socket.
 *
 * @example const proxy = await startConnectProxy(join(folder, 'proxy.sock'), '.private.test');
 */
export async function startConnectProxy(at: string | number, zone: string): Promise<ConnectProxy> {
  const asked: string[] = [];
  const ends = new Set<{ destroy(): void }>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, near) => {
    const target = request.url ?? '';
    asked.push(target);
    const [host = '', port] = target.split(':');
    if (!host.endsWith(zone)) {
      near.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const far = connect(Number(port), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(near).pipe(far);
    });
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(end);
      end.once('close', () => {
        ends.delete(end);
        other.destroy();
      });
      end.on('error', () => end.destroy());
    }
  });
  server.listen(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at });
  await once(server, 'listening');
  return {
    asked,
    async close() {
      for (const end of ends) end.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
