import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import type { Block, NestedBlock, Schema } from '../schema.ts';
import { makeIdentity } from './certificate.ts';
import { fromBody, type Values } from './convert.ts';
import { endWithParent } from './end-with-parent.ts';
import { readMsgpack } from './msgpack.ts';
import { serviceOf } from './protocol.ts';
import { apply, plan, read } from './resources.ts';
import { send } from './send.ts';
import { findWrongValues } from './wrong-values.ts';
import { writeMsgpack } from './write-msgpack.ts';

// A stand-in for the provider hashicorp/google, for machines that cannot download it: it has the provider's schema and
// allowed values. Terraform starts it and speaks gRPC with it. In `terraform test` mocks do the rest; where there is an
// emulated Google, resources are made there (README.md).

const NESTING = { single: 1, list: 2, set: 3 } as const;
const ERROR = 1;

endWithParent();

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

interface Dynamic {
  readonly msgpack?: Uint8Array;
}

interface ResourceRequest {
  readonly typeName: string;
  readonly config?: Dynamic;
  readonly currentState?: Dynamic;
  readonly priorState?: Dynamic;
  readonly proposedNewState?: Dynamic;
  readonly plannedState?: Dynamic;
  readonly rawState?: { readonly json: Uint8Array };
}

function valuesOf(dynamic: Dynamic | undefined): Values | null {
  const { msgpack } = dynamic ?? {};
  if (msgpack === undefined || msgpack.length === 0) return null;
  const value = readMsgpack(msgpack);
  return value === null ? null : Object(value);
}

const encode = (value: unknown) => ({ msgpack: writeMsgpack(value) });

/** Answers by a promise; a failure is a diagnostic. */
function handle(work: (request: ResourceRequest, block: Block) => Promise<object>) {
  async function answerWith(
    request: ResourceRequest,
    block: Block,
    done: grpc.sendUnaryData<object>,
  ): Promise<void> {
    let value: object;
    try {
      value = await work(request, block);
    } catch (error) {
      value = { diagnostics: [problemOf(request.typeName, String(error))] };
    }
    done(null, value);
  }
  return ({ request }: { request: ResourceRequest }, done: grpc.sendUnaryData<object>): void => {
    const block = schema.resources[request.typeName] ?? schema.data[request.typeName];
    if (block === undefined) return done(new Error(`There is no ${request.typeName}`));
    void answerWith(request, block, done);
  };
}

function problemOf(summary: string, detail: string): object {
  return { severity: ERROR, summary, detail };
}

async function readProject(config: Values | null, block: Block): Promise<Values> {
  const state = config ?? {};
  const id = String(state['project_id']);
  const body = await send('GET', `cloudresourcemanager/v1/projects/${id}`);
  return {
    ...fromBody(block, body, state, {}),
    number: body['projectNumber'],
    id: `projects/${id}`,
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
  UpgradeResourceState: handle(async ({ rawState }) => ({
    upgradedState: { json: rawState?.json },
  })),
  ReadResource: handle(async ({ typeName, currentState }, block) => {
    const state = valuesOf(currentState);
    return { newState: encode(state && (await read(typeName, block, state))) };
  }),
  PlanResourceChange: handle(async ({ typeName, priorState, proposedNewState }, block) => {
    const planned = plan(typeName, block, valuesOf(priorState), valuesOf(proposedNewState));
    const requiresReplace = planned.replaces.map((name) => ({ steps: [{ attributeName: name }] }));
    return { plannedState: encode(planned.state), requiresReplace, legacyTypeSystem: true };
  }),
  ApplyResourceChange: handle(async ({ typeName, priorState, plannedState }, block) => {
    const applied = await apply(typeName, block, valuesOf(priorState), valuesOf(plannedState));
    const diagnostics = applied.problem === undefined ? [] : [problemOf(typeName, applied.problem)];
    return { newState: encode(applied.state), diagnostics, legacyTypeSystem: true };
  }),
  ReadDataSource: handle(async ({ config }, block) => ({
    state: encode(await readProject(valuesOf(config), block)),
  })),
});
server.addService(serviceOf('plugin.GRPCController'), {
  Shutdown(_: unknown, done: grpc.sendUnaryData<object>) {
    done(null, {});
    server.tryShutdown(() => process.exit(0));
  },
});

/** Whether it runs beside Terraform (`serve-provider.ts`), which then speaks without TLS, and not below it. */
const isServed = process.env['COUNTERSIGN_PROVIDER_SERVED'] === '1';

async function listen(credentials: grpc.ServerCredentials): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
}

if (isServed) {
  process.stdout.write(`${await listen(grpc.ServerCredentials.createInsecure())}\n`);
} else {
  const { keyPem, certificatePem, handshake } = await makeIdentity();
  const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(certificatePem) };
  const port = await listen(grpc.ServerCredentials.createSsl(null, [pair]));
  // go-plugin's handshake: its version, the protocol's, where to connect, and whom to expect there.
  process.stdout.write(`1|6|tcp|127.0.0.1:${port}|grpc|${handshake}\n`);
}
