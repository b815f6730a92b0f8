import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** Resolves once so many requests have come, their bodies included. */
  arrived(count: number): Promise<void>;
}

type Respond = (response: ServerResponse, request: SeenRequest, index: number) => void;

/** A server that does as a test asks with each request, down to its socket; gone when the test ends. */
export async function startScripted(
  respond: Respond,
  tls?: { readonly key: string; readonly cert: string },
): Promise<ScriptedServer> {
  const seen: SeenRequest[] = [];
  const waiting = new Set<() => void>();
  let connections = 0;
  const sockets = new Set<Socket>();
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const body = Buffer.concat(chunks).toString();
    seen.push({ method, url, headers, body });
    for (const check of waiting) check();
    respond(response, { method, url, headers, body }, seen.length - 1);
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void handle(request, response);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const { port } = isAddress(address) ? address : { port: 0 };
  const scheme = tls === undefined ? 'http' : 'https';
  async function arrived(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (seen.length >= count) resolve();
    };
    waiting.add(check);
    check();
    await promise;
    waiting.delete(check);
  }
  return { url: `${scheme}://127.0.0.1:${port}`, seen, connections: () => connections, arrived };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
