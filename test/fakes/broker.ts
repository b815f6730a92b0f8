import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { AnyDefinition, ServiceDefinition } from '@grpc/proto-loader';

export interface PublishedMessage {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

export interface PublishRequest {
  readonly topic: string;
  readonly messages: readonly PublishedMessage[];
}

type Fault = number | 'hang' | { readonly code: number; readonly details: string };

export interface Broker {
  readonly host: string;
  readonly requests: PublishRequest[];
  /** Answers the next publish calls with these gRPC codes, one each; `hang` never answers. */
  readonly faults: Fault[];
  close(): void;
}

/** A Pub/Sub that knows one call, Publish, and fails on demand. */
export async function startBroker(): Promise<Broker> {
  const requests: PublishRequest[] = [];
  const faults: Fault[] = [];
  function publish(
    call: ServerUnaryCall<PublishRequest, object>,
    answer: sendUnaryData<object>,
  ): void {
    const fault = faults.shift();
    if (fault === 'hang') return;
    if (typeof fault === 'object') return answer(fault);
    if (fault !== undefined) return answer({ code: fault, details: status[fault] ?? 'fault' });
    requests.push(call.request);
    const first = requests.length * 1000;
    answer(null, { messageIds: call.request.messages.map((_, index) => `${first + index}`) });
  }
  const server = new Server();
  server.addService(publisherService(), { Publish: publish });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { host: `127.0.0.1:${port}`, requests, faults, close: () => server.forceShutdown() };
}

function publisherService(): ServiceDefinition {
  const path = createRequire(import.meta.url).resolve(
    '@google-cloud/pubsub/build/protos/protos.json',
  );
  const definition = fromJSON(JSON.parse(readFileSync(path, 'utf8')), {
    longs: String,
    defaults: true,
  });
  const publisher = definition['google.pubsub.v1.Publisher'];
  if (!isService(publisher)) throw new Error('The definition of the Publisher service is missing');
  return publisher;
}

/** Everything else in a package definition is a type and has a format. */
function isService(definition: AnyDefinition | undefined): definition is ServiceDefinition {
  return definition !== undefined && !('format' in definition);
}
