import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A registry behind something that knows no referrers API. */
export interface WithoutReferrers {
  readonly host: string;
  close(): Promise<void>;
}

/**
 * Stands before a registry as one without the referrers API: its path is answered as older registries do, 404 in plain
 * text, and a manifest with a subject is not confirmed, so that clients write the fallback tag.
 */
export async function startWithoutReferrers(upstream: string): Promise<WithoutReferrers> {
  const [hostname, port] = upstream.split(':');

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url = '/', headers } = incoming;
    if (/^\/v2\/.+\/referrers\//.test(url)) {
      outgoing.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
      return;
    }
    const passed = request({ hostname, port, method, path: url, headers }, (answer) => {
      const { 'oci-subject': _, ...rest } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, rest);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
  }

  const server = createServer(pass);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Proxy has no port');
  return {
    host: `127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
