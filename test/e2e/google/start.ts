import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { toolFolders } from '#infra/local/real/tool-cache.ts';
import { fetchDiscovery } from '../tools/fetch-discovery.ts';
import { openDiscovery } from './discovery.ts';
import { createGoogle, type Google } from './google.ts';
import { type Reply, refusal, type Request } from './model.ts';

export interface RunningGoogle extends Google {
  /** `http://127.0.0.1:PORT`; the host of Google's is the first part of a path. */
  readonly url: string;
  /** A token of an IAM member. */
  token(member: string): string;
  close(): Promise<void>;
}

export const OWNER = 'user:owner@acme.example';

/** Starts the emulated Google on loopback. */
export async function startGoogle(): Promise<RunningGoogle> {
  const [cache] = toolFolders(process.env);
  const discovery = openDiscovery(await fetchDiscovery(cache));
  const google = createGoogle({ discovery, now: Date.now, owner: OWNER });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://google');
    const [, host = '', ...rest] = pathname.split('/');
    const [, member] = /^Bearer member:(.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const reply = handle({
      host,
      verb: request.method ?? 'GET',
      path: `/${rest.join('/')}`,
      query: searchParams,
      member,
      body: sent === '' ? undefined : JSON.parse(sent),
    });
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply.body));
  }

  /** A call that the emulation does not know fails, and says so. */
  function handle(request: Request): Reply {
    try {
      return google.handle(request);
    } catch (error) {
      return refusal(500, 'INTERNAL', String(error));
    }
  }

  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Google has no port');
  return {
    ...google,
    url: `http://127.0.0.1:${address.port}`,
    token: (member) => `member:${member}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
