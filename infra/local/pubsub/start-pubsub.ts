import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { systemClock, type Clock } from './backlog.ts';
import { createBroker } from './broker.ts';
import { createGrpcService } from './grpc-service.ts';
import { createRestApp } from './rest-app.ts';
import type { MintToken } from './subscription.ts';

/** A connection that sends nothing for so long is closed before a protocol is known. Own. */
const SNIFF_WAIT = 30_000;

const HOST = '127.0.0.1';

interface PubsubOptions {
  /** 0 picks a free one. */
  port: number;
  clock?: Clock;
  /** Supplies the ID tokens of push subscriptions with an oidcToken; none are sent without it. */
  mintToken?: MintToken;
}

export interface RunningPubsub {
  /** `127.0.0.1:8085`, the form PUBSUB_EMULATOR_HOST takes. */
  host: string;
  /** Ends every stream, push, timer and connection. */
  close(): Promise<void>;
}

/**
 * Starts the embedded Pub/Sub: gRPC (h2c) and REST on one port, as Google's emulator has it.
 * Rejects with the system's error where the port cannot be listened on (EADDRINUSE). Its limits are the real service's
 * (cloud.google.com/pubsub/quotas), those marked "Own" apart, for which that states none.
 *
 * @example const { host, close } = await startPubsub({ port: 8085 });
 */
export async function startPubsub(options: PubsubOptions): Promise<RunningPubsub> {
  const { port, clock = systemClock, mintToken } = options;
  const broker = createBroker({ clock, mintToken });
  const grpc = createGrpcService(broker);
  const rest = createAdaptorServer({ fetch: createRestApp(broker).fetch });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    sniffProtocol(socket, (protocol) => {
      if (protocol === 'http2') grpc.inject(socket);
      else rest.emit('connection', socket);
    });
  });

  async function close(): Promise<void> {
    const stopped = server.listening ? once(server, 'close') : undefined;
    server.close();
    await broker.close();
    grpc.close();
    for (const socket of sockets) socket.destroy();
    await stopped;
  }

  try {
    // Loopback: nothing here asks who is calling.
    server.listen(port, HOST);
    await once(server, 'listening');
  } catch (error) {
    await close();
    throw error;
  }
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return { host: `${HOST}:${bound}`, close };
}

type Protocol = 'http1' | 'http2';

/** The start of HTTP/2's connection preface (RFC 9113, section 3.4); no HTTP/1 method has it. */
const HTTP2_START = 'PRI ';

/**
 * Reads a fresh connection just far enough to know HTTP/2 with prior knowledge from HTTP/1, puts
 * the bytes back and says which. Connections that stay silent are closed.
 */
function sniffProtocol(socket: Socket, found: (protocol: Protocol) => void): void {
  socket.setTimeout(SNIFF_WAIT, () => socket.destroy());
  // Without a listener a reset before the protocol is known would end the process.
  socket.on('error', ignore);
  socket.on('readable', read);
  let head = Buffer.alloc(0);

  function read(): void {
    const more: unknown = socket.read();
    if (!Buffer.isBuffer(more)) return;
    head = Buffer.concat([head, more]);
    const text = head.toString('latin1', 0, HTTP2_START.length);
    // Fewer bytes than needed. They are put back once it is known: each that is put back is "readable" again, at once.
    if (text.length < HTTP2_START.length && HTTP2_START.startsWith(text)) return;
    socket.unshift(head);
    socket.off('readable', read);
    socket.off('error', ignore);
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    found(text === HTTP2_START ? 'http2' : 'http1');
  }
}

function ignore(): void {}
