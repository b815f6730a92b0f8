import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Duplex } from 'node:stream';
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type handleBidiStreamingCall,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import * as z from 'zod';
import { LONGEST_TIMER_MS } from '#shared/net/within.ts';
import { type Call, createCalls, grpcCodec, encodeLease } from './calls.ts';
import type { Broker } from './broker.ts';
import { ACK_DEADLINE_SECONDS, parseRequest, REQUEST_LIMIT, requests } from './schema.ts';
import { services } from './protos.ts';
import { toPubsubError, PubsubError } from './pubsub-error.ts';
import type { Subscription } from './subscription.ts';

interface GrpcService {
  /** Serves HTTP/2 on a connection that is accepted already. */
  inject(connection: Duplex): void;
  /** Ends every call and connection at once. */
  close(): void;
}

/**
 * google.pubsub.v1 Publisher and Subscriber in gRPC, over a broker.
 *
 * @example createGrpcService(broker).inject(socket);
 */
export function createGrpcService(broker: Broker): GrpcService {
  const server = new Server({ 'grpc.max_receive_message_length': REQUEST_LIMIT });
  const calls = Object.entries(createCalls(broker, grpcCodec));
  const unary = Object.fromEntries(calls.map(([name, call]) => [name, toHandler(call)]));
  const handlers = { ...unary, StreamingPull: handleStreamingPull(broker) };
  for (const service of services) server.addService(service, handlers);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  subscribe(STREAM_CREATED, dropEndlessTimeout);
  return {
    inject: (connection) => injector.injectConnection(connection),
    close() {
      unsubscribe(STREAM_CREATED, dropEndlessTimeout);
      injector.destroy();
      server.forceShutdown();
    },
  };
}

const STREAM_CREATED = 'http2.server.stream.created';
const TIMEOUT = 'grpc-timeout';
const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1 };

/**
 * Takes a timeout of more than 24 days out of a call, before the library sees it: to it such a deadline is past, while
 * Google's Python client asks for years where an ordering key is used.
 */
function dropEndlessTimeout(message: unknown): void {
  const { headers } = streamSchema.parse(message);
  const [, digits, unit = ''] = /^(\d{1,8})([HMSm])$/.exec(headers[TIMEOUT] ?? '') ?? [];
  if (Number(digits) * (UNITS_MS[unit] ?? 0) > LONGEST_TIMER_MS) delete headers[TIMEOUT];
}

/** The library reads these very headers: no copy. */
const streamSchema = z.object({
  headers: z.custom<{ [TIMEOUT]?: string }>((given) => typeof given === 'object'),
});

function toHandler(call: Call) {
  return (incoming: ServerUnaryCall<unknown, object>, reply: sendUnaryData<object>): void => {
    const abort = new AbortController();
    incoming.on('cancelled', () => abort.abort());
    // Within a promise, so that what a call throws is answered like what it rejects with.
    Promise.resolve(incoming.request)
      .then((request) => call(request, abort.signal))
      .then(
        (response) => reply(null, response),
        (cause: unknown) => {
          const { grpcCode, message } = toPubsubError(cause);
          reply({ code: grpcCode, details: message });
        },
      );
  };
}

type Request = z.output<typeof requests.streamingPull>;

/**
 * Subscriber.StreamingPull: the first request names the subscription and the terms, later ones
 * acknowledge, extend, or change the stream's deadline.
 */
function handleStreamingPull(broker: Broker): handleBidiStreamingCall<unknown, object> {
  return (call) => {
    let session: { take: (request: Request) => void; stop: () => void } | undefined;
    call.on('data', (raw: unknown) => {
      try {
        const request = parseRequest(requests.streamingPull, raw);
        session ??= openSession(broker, call, request);
        session.take(request);
      } catch (error) {
        session?.stop();
        fail(call, toPubsubError(error));
      }
    });
    call.on('end', () => {
      session?.stop();
      call.end();
    });
    call.on('cancelled', () => session?.stop());
    call.on('error', () => session?.stop());
  };
}

function openSession(broker: Broker, call: ServerDuplexStream<unknown, object>, first: Request) {
  const subscription = broker.subscription(first.subscription);
  let deadline = checkDeadline(first.streamAckDeadlineSeconds);
  const { enableMessageOrdering: messageOrderingEnabled } = subscription.settings();
  const stop = subscription.stream({
    deadlineMs: () => deadline * 1_000,
    maxOutstanding: first.maxOutstandingMessages,
    deliver(leases) {
      const current = subscription.settings();
      const receivedMessages = leases.map((lease) => encodeLease(lease, current, grpcCodec));
      call.write({ receivedMessages });
    },
    onEnd: (reason) => fail(call, reason),
  });
  call.write({ subscriptionProperties: { messageOrderingEnabled } });
  return {
    stop,
    take(request: Request) {
      if (request.streamAckDeadlineSeconds !== 0) {
        deadline = checkDeadline(request.streamAckDeadlineSeconds);
      }
      settle(subscription, request);
    },
  };
}

function settle(subscription: Subscription, request: Request): void {
  if (request.ackIds.length > 0) subscription.acknowledge(request.ackIds);
  for (const [index, ackId] of request.modifyDeadlineAckIds.entries()) {
    const seconds = request.modifyDeadlineSeconds[index];
    if (seconds === undefined) {
      throw new PubsubError('INVALID_ARGUMENT', 'modifyDeadlineSeconds is too short');
    }
    subscription.modifyAckDeadline([ackId], seconds);
  }
}

function checkDeadline(seconds: number): number {
  const { min, max } = ACK_DEADLINE_SECONDS;
  if (seconds >= min && seconds <= max) return seconds;
  throw new PubsubError('INVALID_ARGUMENT', `streamAckDeadlineSeconds is ${seconds}`);
}

function fail(call: ServerDuplexStream<unknown, object>, error: PubsubError): void {
  call.emit('error', { code: error.grpcCode, details: error.message });
}
