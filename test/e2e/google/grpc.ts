import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  type AnyDefinition,
  fromJSON,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import type { Google } from './google.ts';

/** What a unary call comes to. */
export interface GrpcAnswer {
  readonly code: number;
  readonly text: string;
  readonly message?: Buffer;
  /** google.rpc.Status with an ErrorInfo, for `grpc-status-details-bin`. */
  readonly details?: Buffer;
}

/** A method of gRPC as the one of the REST API that it is. */
export interface GrpcMethod {
  rest(ask: unknown): { readonly verb: string; readonly path: string; readonly body?: unknown };
  /** The message, of the REST API's answer. */
  answer(body: Record<string, unknown>): object;
}

export interface GrpcService {
  readonly host: string;
  readonly definition: ServiceDefinition;
  readonly methods: Readonly<Record<string, GrpcMethod>>;
}

const UNIMPLEMENTED = 12;
const UNKNOWN = 2;

/** Codes of gRPC by the status of Google's JSON. */
const CODES: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  FAILED_PRECONDITION: 9,
  UNAUTHENTICATED: 16,
};

/** Definitions that a client of Google's carries. */
export function readProtos(file: string): PackageDefinition {
  const path = createRequire(import.meta.url).resolve(file);
  return fromJSON(JSON.parse(readFileSync(path, 'utf8')), { longs: String });
}

export function serviceOf(definitions: PackageDefinition, name: string): ServiceDefinition {
  const found = definitions[name];
  if (!isService(found)) throw new Error(`There is no definition of ${name}`);
  return found;
}

/** Everything else in a package definition is a type and has a format. */
function isService(definition: AnyDefinition | undefined): definition is ServiceDefinition {
  return definition !== undefined && !('format' in definition);
}

/** Answers one unary call; `path` is `/google.pubsub.v1.Publisher/Publish`, `frame` its message. */
export function answerGrpc(
  google: Google,
  services: Readonly<Record<string, GrpcService>>,
  { path, member, frame }: { path: string; member: string | undefined; frame: Buffer },
): GrpcAnswer {
  const [, service = '', method = ''] = path.split('/');
  const { host = '', definition = {}, methods = {} } = services[service] ?? {};
  const known = methods[method];
  const described = definition[method];
  if (known === undefined || described === undefined)
    return { code: UNIMPLEMENTED, text: `No ${path}` };
  const { verb, path: rest, body } = known.rest(described.requestDeserialize(frame));
  const [pathname = '', query] = rest.split('?');
  const reply = google.handle({
    host,
    verb,
    path: pathname,
    query: new URLSearchParams(query),
    member,
    body,
  });
  if (reply.status === 200) {
    const message = described.responseSerialize(known.answer(Object(reply.body)));
    return { code: 0, text: '', message };
  }
  const { status, message, details = [] } = Object(reply.body).error;
  const code = CODES[status] ?? UNKNOWN;
  return { code, text: message, ...detailsOf(details[0], { code, message }) };
}

const STATUS = fromJSON({
  nested: {
    ErrorInfo: {
      fields: {
        reason: { type: 'string', id: 1 },
        domain: { type: 'string', id: 2 },
        metadata: { rule: 'repeated', type: 'Entry', id: 3 },
      },
    },
    // A map is one of these on the wire.
    Entry: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    Any: { fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
    Status: {
      fields: {
        code: { type: 'int32', id: 1 },
        message: { type: 'string', id: 2 },
        details: { rule: 'repeated', type: 'Any', id: 3 },
      },
    },
  },
});

function encode(name: string, value: object): Buffer {
  const serialize: unknown = Object(STATUS[name]).serialize;
  if (typeof serialize !== 'function') throw new Error(`There is no type ${name}`);
  const encoded: unknown = serialize(value);
  if (!Buffer.isBuffer(encoded)) throw new Error(`${name} is not encoded`);
  return encoded;
}

/** The ErrorInfo of a REST error as gRPC sends it; nothing where there is none. */
function detailsOf(info: unknown, status: object): { details?: Buffer } {
  if (info === undefined) return {};
  const { metadata = {}, ...rest } = Object(info);
  const entries = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  const any = {
    type_url: 'type.googleapis.com/google.rpc.ErrorInfo',
    value: encode('ErrorInfo', { ...rest, metadata: entries }),
  };
  return { details: encode('Status', { ...status, details: [any] }) };
}
