import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createPushClient } from '#infra/local/pubsub/push.ts';

const client = createPushClient();
const body = Buffer.from('{}');
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`;
}

function send(url: string, signal = new AbortController().signal): Promise<number> {
  return client.send({ url, headers: { 'x-test': 'yes' }, body }, signal);
}

describe('createPushClient()', () => {
  afterEach(() => {
    client.close();
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  it('posts headers and body', async () => {
    let seen = '';
    const url = await serve((request, response) => {
      request.on('data', (chunk: Buffer) => {
        seen = `${request.method} ${String(request.headers['x-test'])} ${chunk.toString()}`;
      });
      request.on('end', () => response.end());
    });
    expect(await send(url)).toBe(200);
    expect(seen).toBe('POST yes {}');
  });

  it('takes 102 for an answer, though it is none in HTTP', async () => {
    const url = await serve((_, response) => response.writeProcessing());
    expect(await send(url)).toBe(102);
  });

  it('does not follow a redirect', async () => {
    const url = await serve((request, response) => {
      response.writeHead(request.url === '/' ? 302 : 200, { location: '/elsewhere' }).end();
    });
    expect(await send(url)).toBe(302);
  });

  it('gives up when aborted', async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort());
    await expect(send(url, abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('rejects where no server listens', async () => {
    const url = await serve((_, response) => response.end());
    for (const server of servers) server.close();
    await expect(send(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
