import type protobuf from 'protobufjs';
import { parse } from 'yaml';
import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { readCrdText } from '../carried-files.ts';
import { builtInType } from './built-in-types.ts';
import { configSyncKinds, type Kind } from './kinds.ts';
import type { KubeObject } from './store.ts';

/** As much of OpenAPI v3 as schemas of Kubernetes use. */
export interface Schema {
  type?: string | undefined;
  format?: string | undefined;
  description?: string | undefined;
  properties?: Record<string, Schema> | undefined;
  /** `true` where values may be anything. */
  additionalProperties?: Schema | boolean | undefined;
  items?: Schema | undefined;
  nullable?: boolean | undefined;
  'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
  'x-kubernetes-int-or-string'?: boolean | undefined;
  'x-kubernetes-list-type'?: string | undefined;
  'x-kubernetes-list-map-keys'?: string[] | undefined;
}

const schemaSchema: z.ZodType<Schema> = z.looseObject({
  type: z.string().optional(),
  format: z.string().optional(),
  description: z.string().optional(),
  get properties() {
    return z.record(z.string(), schemaSchema).optional();
  },
  get additionalProperties() {
    return z.union([schemaSchema, z.boolean()]).optional();
  },
  get items() {
    return schemaSchema.optional();
  },
  nullable: z.boolean().optional(),
  'x-kubernetes-preserve-unknown-fields': z.boolean().optional(),
  'x-kubernetes-int-or-string': z.boolean().optional(),
  'x-kubernetes-list-type': z.string().optional(),
  'x-kubernetes-list-map-keys': z.array(z.string()).optional(),
});

const crdSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    names: z.looseObject({}),
    versions: z.array(
      z.looseObject({ name: z.string(), schema: z.object({ openAPIV3Schema: schemaSchema }) }),
    ),
  }),
});

export type Crd = z.infer<typeof crdSchema> & KubeObject;

/** Config Sync's CustomResourceDefinitions as infra/kubernetes/crds has them, by plural. */
export const crds: ReadonlyMap<string, Crd> = new Map(
  configSyncKinds.map(({ plural }) => [plural, crdSchema.parse(parse(readCrdText(plural)))]),
);

const OPEN: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const schemas = new Map<string, Schema>();

/**
 * The schema of a kind, all versions alike: of custom resources from their CRD, of Kubernetes' own from
 * `built-in-types.ts`; an open one where neither has it (what is only read here).
 */
export function schemaOf(kind: Pick<Kind, 'kind' | 'plural'>): Schema {
  const found = schemas.get(kind.kind) ?? makeSchema(kind);
  schemas.set(kind.kind, found);
  return found;
}

function makeSchema({ kind, plural }: Pick<Kind, 'kind' | 'plural'>): Schema {
  const own = crds.get(plural)?.spec.versions[0]?.schema.openAPIV3Schema;
  const schema = own ?? describeBuiltIn(kind);
  if (schema === undefined) return OPEN;
  const text: Schema = { type: 'string' };
  const common = { apiVersion: text, kind: text, metadata: describeBuiltIn('ObjectMeta') ?? OPEN };
  return { ...schema, properties: { ...common, ...schema.properties, metadata: common.metadata } };
}

const SCALARS: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
  Time: { type: 'string', format: 'date-time', nullable: true },
  MicroTime: { type: 'string', format: 'date-time', nullable: true },
  FieldsV1: OPEN,
};

function describeBuiltIn(name: string): Schema | undefined {
  const type = builtInType(name);
  if (type === undefined) return undefined;
  const properties = type.fieldsArray.map((field) => [field.name, describeField(field)]);
  return defined({
    type: 'object',
    description: type.comment ?? undefined,
    properties: Object.fromEntries(properties),
  });
}

function describeField(field: protobuf.Field): Schema {
  const one = SCALARS[field.type] ?? describeBuiltIn(field.type) ?? OPEN;
  const description = field.comment ?? undefined;
  if (field.map) return defined({ type: 'object', description, additionalProperties: one });
  if (!field.repeated) return defined({ ...one, description: description ?? one.description });
  return { ...defined({ type: 'array', description, items: one }), ...listType(field) };
}

function listType({ options }: protobuf.Field): Schema {
  const list: unknown = options?.['(list)'];
  if (list === 'set') return { 'x-kubernetes-list-type': 'set' };
  if (typeof list !== 'string') return { 'x-kubernetes-list-type': 'atomic' };
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [list] };
}

/** The schema of one field of an object, or of an entry of a map; undefined where none is declared. */
export function schemaOfField(schema: Schema | undefined, key: string): Schema | undefined {
  const declared = schema?.properties;
  if (declared !== undefined && Object.hasOwn(declared, key)) return declared[key];
  const rest = schema?.additionalProperties;
  return typeof rest === 'object' ? rest : undefined;
}

/** Whether an object of that schema keeps fields that the schema does not declare. */
export function isOpen(schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  return schema.properties === undefined && schema.additionalProperties === undefined;
}
