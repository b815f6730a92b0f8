import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { Block, NestedBlock, Schema } from '../schema.ts';
import { makeIdentity } from './certificate.ts';
import { readMsgpack } from './msgpack.ts';
import { serviceOf } from './protocol.ts';
import { findWrongValues } from './wrong-values.ts';

// A stand-in for the provider hashicorp/google, for machines that cannot download it: it has the provider's schema and
// allowed values, and no resources. Terraform starts it and speaks gRPC with it; mocks do the rest (README.md).

const NESTING = { single: 1, list: 2, set: 3 } as const;
const ERROR = 1;

const schema: Schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'schema.json'), 'utf8'),
);

function describeBlock({ attributes, blocks }: Block): object {
  return {
    attributes: Object.entries(attributes).map(([name, { type, ...flags }]) => ({
      ...flags,
      name,
      type: Buffer.from(JSON.stringify(type)),
    })),
    blockTypes: Object.entries(blocks).map(([typeName, nested]) => ({
      typeName,
      ...describeNested(nested),
    })),
  };
}

function describeNested({ nesting, min = 0, max = 0, block }: NestedBlock): object {
  return {
    nesting: NESTING[nesting],
    minItems: min,
    maxItems: max,
    block: describeBlock(block),
  };
}

function describeAll(blocks: Readonly<Record<string, Block>>): object {
  return Object.fromEntries(
    Object.entries(blocks).map(([name, block]) => [
      name,
      { version: 0, block: describeBlock(block) },
    ]),
  );
}

/** The two settings of the provider that our examples set. */
const PROVIDER = describeBlock({
  attributes: {
    project: { type: 'string', optional: true },
    region: { type: 'string', optional: true },
  },
  blocks: {},
});

interface ValidateRequest {
  readonly typeName: string;
  readonly config: { readonly msgpack: Uint8Array };
}

function validate(blocks: Readonly<Record<string, Block>>) {
  return ({ request }: { request: ValidateRequest }, done: grpc.sendUnaryData<object>): void => {
    const block = blocks[request.typeName];
    const wrong = block ? findWrongValues(block, readMsgpack(request.config.msgpack)) : [];
    const diagnostics = wrong.map(({ path, problem }) => ({
      severity: ERROR,
      summary: `${request.typeName}: ${path}`,
      detail: problem,
    }));
    done(null, { diagnostics });
  };
}

function answer(value: object) {
  return (_: unknown, done: grpc.sendUnaryData<object>): void => done(null, value);
}

const server = new grpc.Server();
server.addService(serviceOf('tfplugin6.Provider'), {
  GetProviderSchema: answer({
    provider: { version: 0, block: PROVIDER },
    resourceSchemas: describeAll(schema.resources),
    dataSourceSchemas: describeAll(schema.data),
  }),
  ValidateProviderConfig: answer({}),
  ValidateResourceConfig: validate(schema.resources),
  ValidateDataResourceConfig: validate(schema.data),
  ConfigureProvider: answer({}),
  StopProvider: answer({}),
});
server.addService(serviceOf('plugin.GRPCController'), {
  Shutdown(_: unknown, done: grpc.sendUnaryData<object>) {
    done(null, {});
    server.tryShutdown(() => process.exit(0));
  },
});

const { keyPem, certificatePem, handshake } = await makeIdentity();
const credentials = grpc.ServerCredentials.createSsl(null, [
  { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(certificatePem) },
]);
const port = await new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});
// go-plugin's handshake: its version, the protocol's, where to connect, and whom to expect there.
process.stdout.write(`1|6|tcp|127.0.0.1:${port}|grpc|${handshake}\n`);
