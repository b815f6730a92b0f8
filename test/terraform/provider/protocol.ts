import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

// Terraform plugin protocol 6 and go-plugin's controller, as far as a provider whose resources are all mocked is asked:
// its schema, and whether configurations are valid.

const field = (type: string, id: number) => ({ type, id });
const list = (type: string, id: number) => ({ rule: 'repeated', type, id });
const map = (type: string, id: number) => ({ keyType: 'string', type, id });
type Fields = Record<string, ReturnType<typeof field>>;
type Nested = NonNullable<Parameters<typeof fromJSON>[0]['nested']>;
const message = (fields: Fields, nested: Nested = {}): Nested[string] => ({ fields, nested });
const call = (request: Fields, response: Fields): Nested[string] =>
  message({}, { Request: message(request), Response: message(response) });
const method = (name: string) => ({
  requestType: `${name}.Request`,
  responseType: `${name}.Response`,
  comment: '',
});

const Schema = message(
  { version: field('int64', 1), block: field('Block', 2) },
  {
    Block: message({
      version: field('int64', 1),
      attributes: list('Attribute', 2),
      blockTypes: list('NestedBlock', 3),
    }),
    Attribute: message({
      name: field('string', 1),
      type: field('bytes', 2),
      required: field('bool', 4),
      optional: field('bool', 5),
      computed: field('bool', 6),
    }),
    NestedBlock: message({
      typeName: field('string', 1),
      block: field('Block', 2),
      nesting: field('int32', 3),
      minItems: field('int64', 4),
      maxItems: field('int64', 5),
    }),
  },
);

const AttributePath = message(
  { steps: list('Step', 1) },
  {
    Step: {
      oneofs: { selector: { oneof: ['attributeName', 'elementKeyString', 'elementKeyInt'] } },
      fields: {
        attributeName: field('string', 1),
        elementKeyString: field('string', 2),
        elementKeyInt: field('int64', 3),
      },
    },
  },
);

const METHODS = [
  'GetProviderSchema',
  'ValidateProviderConfig',
  'ValidateResourceConfig',
  'ValidateDataResourceConfig',
  'ConfigureProvider',
  'StopProvider',
  'UpgradeResourceState',
  'ReadResource',
  'PlanResourceChange',
  'ApplyResourceChange',
  'ReadDataSource',
];
const validate = { typeName: field('string', 1), config: field('DynamicValue', 2) };

const tfplugin6: Nested = {
  Provider: { methods: Object.fromEntries(METHODS.map((name) => [name, method(name)])) },
  DynamicValue: message({ msgpack: field('bytes', 1), json: field('bytes', 2) }),
  Diagnostic: message({
    severity: field('int32', 1),
    summary: field('string', 2),
    detail: field('string', 3),
    attribute: field('AttributePath', 4),
  }),
  AttributePath,
  Schema,
  GetProviderSchema: call(
    {},
    {
      provider: field('Schema', 1),
      resourceSchemas: map('Schema', 2),
      dataSourceSchemas: map('Schema', 3),
      diagnostics: list('Diagnostic', 4),
    },
  ),
  ValidateProviderConfig: call(
    { config: field('DynamicValue', 1) },
    { diagnostics: list('Diagnostic', 2) },
  ),
  ValidateResourceConfig: call(validate, { diagnostics: list('Diagnostic', 1) }),
  ValidateDataResourceConfig: call(validate, { diagnostics: list('Diagnostic', 1) }),
  ConfigureProvider: call(
    { terraformVersion: field('string', 1), config: field('DynamicValue', 2) },
    { diagnostics: list('Diagnostic', 1) },
  ),
  StopProvider: call({}, { Error: field('string', 1) }),
  RawState: message({ json: field('bytes', 1) }),
  UpgradeResourceState: call(
    { typeName: field('string', 1), version: field('int64', 2), rawState: field('RawState', 3) },
    { upgradedState: field('DynamicValue', 1), diagnostics: list('Diagnostic', 2) },
  ),
  ReadResource: call(
    { typeName: field('string', 1), currentState: field('DynamicValue', 2) },
    { newState: field('DynamicValue', 1), diagnostics: list('Diagnostic', 2) },
  ),
  PlanResourceChange: call(
    {
      typeName: field('string', 1),
      priorState: field('DynamicValue', 2),
      proposedNewState: field('DynamicValue', 3),
    },
    {
      plannedState: field('DynamicValue', 1),
      requiresReplace: list('AttributePath', 2),
      diagnostics: list('Diagnostic', 4),
      legacyTypeSystem: field('bool', 5),
    },
  ),
  ApplyResourceChange: call(
    {
      typeName: field('string', 1),
      priorState: field('DynamicValue', 2),
      plannedState: field('DynamicValue', 3),
    },
    {
      newState: field('DynamicValue', 1),
      diagnostics: list('Diagnostic', 3),
      legacyTypeSystem: field('bool', 4),
    },
  ),
  ReadDataSource: call(
    { typeName: field('string', 1), config: field('DynamicValue', 2) },
    { state: field('DynamicValue', 1), diagnostics: list('Diagnostic', 2) },
  ),
};

const plugin: Nested = {
  GRPCController: {
    methods: { Shutdown: { requestType: 'Empty', responseType: 'Empty', comment: '' } },
  },
  Empty: message({}),
};

const PROTOCOL = fromJSON({
  nested: { tfplugin6: { nested: tfplugin6 }, plugin: { nested: plugin } },
});

/** A service for grpc-js: `tfplugin6.Provider` or `plugin.GRPCController`. */
export function serviceOf(name: string): ServiceDefinition {
  const found = PROTOCOL[name];
  if (found === undefined || 'format' in found) throw new Error(`${name} is no service`);
  return found;
}
