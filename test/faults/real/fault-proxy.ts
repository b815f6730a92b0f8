import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';

/** What is done to one request on its way. */
export type Fault =
  | { readonly kind: 'delay' | 'hang'; readonly ms: number }
  /** It is answered with success, and never delivered. */
  | { readonly kind: 'swallow' }
  /** It is delivered, and once more later. */
  | { readonly kind: 'repeat'; readonly ms: number }
  /** It takes effect, and the caller gets no answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string };

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface FaultProxyOptions {
  readonly target: string;
  readonly draw: (request: Seen) => Fault | undefined;
  /** Called around each request that is delivered: `before` is awaited, what it returns gets the answer. */
  readonly watch?: (
    request: Seen,
  ) => Promise<((status: number, answer: string) => void) | undefined>;
}

export interface FaultProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** Stands in front of a server and mistreats what passes. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const server = createServer((request, response) => {
    serve(request, response, options).catch(() => response.destroy());
  });
  await listen(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A proxy has no port');
  const { port } = address;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { target, draw, watch }: FaultProxyOptions,
): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = request;
  const seen: Seen = { method, path, body: await text(request) };
  const fault = draw(seen);
  if (fault?.kind === 'swallow') return answer(response, 200, '{}');
  if (fault?.kind === 'answer') return answer(response, fault.status, fault.body);
  if (fault?.kind === 'delay' || fault?.kind === 'hang') await sleep(fault.ms);
  if (fault?.kind === 'hang') {
    response.destroy();
    return;
  }
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name));
  const init = {
    method,
    headers: kept.map(([name, value]): [string, string] => [name, String(value)]),
    ...(seen.body === '' ? {} : { body: seen.body }),
  };
  const answered = await watch?.(seen);
  const forwarded = await fetch(`${target}${path}`, init);
  const body = await forwarded.text();
  answered?.(forwarded.status, body);
  if (fault?.kind === 'repeat') {
    void sleep(fault.ms)
      .then(() => fetch(`${target}${path}`, init))
      .catch(() => undefined);
  }
  if (fault?.kind === 'cut') {
    response.destroy();
    return;
  }
  const type = forwarded.headers.get('content-type') ?? 'application/json';
  answer(response, forwarded.status, body, type);
}

const HOP_BY_HOP = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
]);

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  type = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function listen(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', () => resolve());
  return promise;
}
