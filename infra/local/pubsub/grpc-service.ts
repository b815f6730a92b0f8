import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';
import type { Duplex } from 'node:stream';
import type { Call } from './calls.ts';
import { createCalls } from './calls.ts';
import { grpcCodec } from './codec.ts';
import type { Engine } from './engine.ts';
import { REQUEST_LIMIT } from './limits.ts';
import { toPubsubError } from './pubsub-error.ts';
import { handleStreamingPull } from './streaming-pull.ts';

export interface GrpcService {
  /** Serves HTTP/2 on a connection that somebody else has accepted. */
  inject(connection: Duplex): void;
  /** Ends every call and connection at once. */
  close(): void;
}

/** google.pubsub.v1 Publisher and Subscriber in gRPC, over an engine. */
export function createGrpcService(engine: Engine): GrpcService {
  const server = new Server({ 'grpc.max_receive_message_length': REQUEST_LIMIT });
  const calls = createCalls(engine, grpcCodec);
  const services = loadServices();
  server.addService(services.publisher, unary(calls.publisher));
  server.addService(services.subscriber, {
    ...unary(calls.subscriber),
    StreamingPull: handleStreamingPull(engine),
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    inject: (connection) => injector.injectConnection(connection),
    close() {
      injector.destroy();
      server.forceShutdown();
    },
  };
}

/** The service definitions that Google's own client carries. */
function loadServices(): { publisher: ServiceDefinition; subscriber: ServiceDefinition } {
  const path = createRequire(import.meta.url).resolve(
    '@google-cloud/pubsub/build/protos/protos.json',
  );
  const loaded = fromJSON(JSON.parse(readFileSync(path, 'utf8')), {
    longs: String,
    enums: String,
    defaults: true,
  });

  function service(name: string): ServiceDefinition {
    const found = loaded[`google.pubsub.v1.${name}`];
    if (!found || isMessageType(found)) throw new Error(`${name} is not in ${path}`);
    return found;
  }
  return { publisher: service('Publisher'), subscriber: service('Subscriber') };
}

function isMessageType(
  definition: ReturnType<typeof fromJSON>[string],
): definition is Exclude<typeof definition, ServiceDefinition> {
  return 'format' in definition;
}

function unary(calls: Readonly<Record<string, Call>>): UntypedServiceImplementation {
  const entries = Object.entries(calls);
  return Object.fromEntries(entries.map(([name, call]) => [name, toHandler(call)]));
}

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
