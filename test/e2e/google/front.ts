import { createServer } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { makeIdentity } from '#test/terraform/provider/certificate.ts';
import type { Google } from './google.ts';
import { answerGrpc, type GrpcAnswer, type GrpcService } from './grpc.ts';
import { KMS } from './grpc-kms.ts';
import { ARTIFACT_REGISTRY, PUBLISHER, SUBSCRIBER } from './grpc-pubsub.ts';

export interface Front {
  /** For HTTPS_PROXY: whatever a program asks of Google's hosts comes here, and nothing goes anywhere else. */
  readonly proxy: string;
  /** Where TLS is, for programs that are pointed here without a proxy. */
  readonly port: number;
  /** The only authority that these programs are to trust, as PEM. */
  readonly authority: string;
  close(): Promise<void>;
}

/** An emulated host that is no API of Google's own: registries, clusters. Undefined: it is not there. */
export type Elsewhere = (
  request: Request,
  member: string | undefined,
) => Promise<Response | undefined>;

const GRPC: Readonly<Record<string, GrpcService>> = {
  'google.cloud.kms.v1.KeyManagementService': KMS,
  'google.devtools.artifactregistry.v1.ArtifactRegistry': ARTIFACT_REGISTRY,
  'google.pubsub.v1.Publisher': PUBLISHER,
  'google.pubsub.v1.Subscriber': SUBSCRIBER,
};

const NAMES = [
  '*.googleapis.com',
  '*.pkg.dev',
  '*.google.com',
  '*.us-central1.gke.goog',
  'metadata.google.internal',
];

/** IAM member of a token of `start.ts`; registries get it as the password of `oauth2accesstoken`. */
function memberOf(authorization = ''): string | undefined {
  const [, basic] = /^Basic (.+)$/i.exec(authorization) ?? [];
  const given =
    basic === undefined
      ? authorization.replace(/^Bearer /i, '')
      : Buffer.from(basic, 'base64')
          .toString('utf8')
          .replace(/^oauth2accesstoken:/, '');
  return /^member:(.+)$/.exec(given)?.[1];
}

/** Stands in front of the emulated Google with its host names, by HTTP/1.1, HTTP/2 and gRPC, behind a proxy. */
export async function startFront(google: Google, elsewhere: readonly Elsewhere[]): Promise<Front> {
  const { keyPem, certificatePem } = await makeIdentity(NAMES);
  const sockets = new Set<Socket>();
  const tls = createSecureServer({ key: keyPem, cert: certificatePem, allowHTTP1: true });
  tls.on('request', (request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(JSON.stringify({ error: { code: 500, message: String(error) } }));
    });
  });

  async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const host = (request.headers[':authority'] ?? request.headers.host ?? '').replace(/:443$/, '');
    const member = memberOf(request.headers.authorization);
    const body = await buffer(request);
    const url = new URL(request.url, `https://${host}`);
    if (request.headers['content-type'] === 'application/grpc') {
      const frame = body.subarray(5);
      return sendGrpc(response, answerGrpc(google, GRPC, { path: url.pathname, member, frame }));
    }
    if (host === 'oauth2.googleapis.com') {
      const refresh = new URLSearchParams(body.toString()).get('refresh_token');
      return sendJson(response, 200, {
        access_token: `member:${refresh}`,
        expires_in: 3600,
        token_type: 'Bearer',
      });
    }
    if (host === 'www.googleapis.com' && url.pathname === '/oauth2/v3/certs')
      return sendJson(response, 200, google.tokens.certificates);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!name.startsWith(':') && typeof value === 'string') headers.set(name, value);
    }
    const init = { method: request.method, headers };
    const sent = ['GET', 'HEAD'].includes(request.method)
      ? init
      : { ...init, body: new Uint8Array(body) };
    for (const place of elsewhere) {
      const other = await place(new Request(url, sent), member);
      if (other === undefined) continue;
      const plain = [...other.headers].filter(([name]) => name !== 'connection');
      response.writeHead(other.status, Object.fromEntries(plain));
      response.end(Buffer.from(await other.arrayBuffer()));
      return;
    }
    const reply = google.handle({
      host,
      verb: request.method,
      path: url.pathname,
      query: url.searchParams,
      member,
      body: body.length === 0 ? undefined : JSON.parse(body.toString()),
    });
    sendJson(response, reply.status, reply.body);
  }

  await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', () => resolve()));
  const port = portOf(tls.address());
  const proxy = createServer((_, response) => response.writeHead(405).end());
  proxy.on('connect', (request, client: Socket) => {
    // A program that was refused may break off before it has read the answer.
    client.on('error', () => undefined);
    const isGoogle = /^(?:[a-z0-9-]+\.)+(?:googleapis\.com|pkg\.dev):443$/.test(request.url ?? '');
    if (!isGoogle) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const inner = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      inner.pipe(client).pipe(inner);
    });
    for (const socket of [client, inner]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    proxy: `http://127.0.0.1:${portOf(proxy.address())}`,
    port,
    authority: certificatePem,
    async close() {
      for (const socket of sockets) socket.destroy();
      proxy.closeAllConnections();
      await Promise.all([
        new Promise((resolve) => proxy.close(resolve)),
        new Promise((resolve) => tls.close(resolve)),
      ]);
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('No port');
  return address.port;
}

function sendJson(response: Http2ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** One message behind its five bytes; the status is in the trailers. */
function sendGrpc(
  response: Http2ServerResponse,
  { code, text, message, details }: GrpcAnswer,
): void {
  response.writeHead(200, { 'content-type': 'application/grpc' });
  if (message !== undefined) {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    response.write(Buffer.concat([head, message]));
  }
  response.addTrailers({
    'grpc-status': String(code),
    'grpc-message': text.replaceAll(/[^ -$&-~]/g, encodeURIComponent),
    ...(details === undefined
      ? {}
      : { 'grpc-status-details-bin': details.toString('base64').replace(/=+$/, '') }),
  });
  response.end();
}
