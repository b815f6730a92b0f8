import { findBadBytes } from './contents.ts';
import { requireShallow } from './depth.ts';
import { groupVersion } from './kinds.ts';
import { findBadManagers } from './manager-entries.ts';
import type { Call } from './request.ts';
import { schemaOf } from './schemas.ts';
import { badRequest, invalid, StatusError } from './status.ts';
import { isRecord, type KubeObject, objectSchema } from './store.ts';
import { dropNulls, dropUnknownFields, readNulls } from './unknown-fields.ts';
import { validateSchema } from './validate.ts';

/** An object as a client sent it. */
export interface Sent {
  /** Without the fields that its kind does not have. */
  object: KubeObject;
  /** What of it the client is warned about. */
  warnings: string[];
}

/**
 * Reads the object that a request carries, or that its patch makes. Throws 400 where it is of another kind, version,
 * name or namespace than the path, or has values of a wrong type; and where it has unknown fields, or keys twice, under
 * `fieldValidation=Strict`, which is 422 for what a patch made.
 */
export function readObject(call: Call, body: unknown): Sent {
  const { kind, request, target, duplicates } = call;
  const schema = schemaOf(kind);
  const known = dropUnknownFields(schema, withDefaults(call, requireShallow(body)));
  const withoutNulls = kind.custom ? dropNulls : readNulls;
  const object = parseObject(call, withoutNulls(schema, known.value));
  checkPlace(call, object);
  checkTypes(call, object, body);
  const faults = [
    ...known.unknown.map((path) => `unknown field "${path}"`),
    ...duplicates.map((path) => `duplicate field "${path}"`),
  ];
  const directive = request.query.get('fieldValidation') || 'Warn';
  if (directive === 'Strict' && faults.length > 0) {
    const why = `strict decoding error: ${faults.join(', ')}`;
    if (request.verb === 'patch') throw unfit(body, why);
    const what = `${kind.kind} in version "${target.version}"`;
    throw badRequest(`${what} cannot be handled as a ${kind.kind}: ${why}`);
  }
  const warnings = directive === 'Ignore' ? [] : faults;
  return { object: kind.kind === 'Secret' ? withoutTexts(object) : object, warnings };
}

// Kinds of Kubernetes' own are read as what the path says where the body is silent, as typed clients send it.
function withDefaults({ kind, target }: Call, body: unknown): unknown {
  if (kind.custom || !isRecord(body)) return body;
  const own = { apiVersion: groupVersion(kind.group, target.version), kind: kind.kind };
  const { apiVersion = own.apiVersion, kind: named = own.kind, ...rest } = body;
  return { apiVersion: apiVersion || own.apiVersion, kind: named || own.kind, ...rest };
}

function parseObject({ kind, target }: Call, body: unknown): KubeObject {
  const parsed = objectSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join('.') ?? '';
  throw badRequest(`${kind.kind} in version "${target.version}" cannot be handled: ${place}`);
}

function checkPlace({ kind, request, target }: Call, object: KubeObject): void {
  const expected = groupVersion(kind.group, target.version);
  if (kind.custom && object.apiVersion !== expected) {
    if (request.verb === 'patch') {
      const text = `Invalid value: ${JSON.stringify(object.apiVersion)}: must be ${expected}`;
      throw invalid(kind, object.metadata.name, 'apiVersion', text);
    }
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind.custom && object.kind !== kind.kind) {
    const text = `Invalid value: "${object.kind}": must be ${kind.kind}`;
    throw invalid({ ...kind, kind: object.kind }, object.metadata.name, 'kind', text);
  }
  if (object.kind !== kind.kind || object.apiVersion !== expected) {
    const got = `${object.apiVersion}, Kind=${object.kind}`;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): got ${got}, expected ${expected}`,
    );
  }
  const { metadata } = object;
  if (target.name !== undefined) metadata.name ||= target.name;
  if (target.name !== undefined && metadata.name !== target.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`,
    );
  }
  if (kind.namespaced && (metadata.namespace ?? target.namespace) !== target.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

const MANAGERS = 'metadata.managedFields';

// Go decodes its own kinds into structs, and the metadata of all, so that a wrong type is an error of the body, not of
// a field.
function checkTypes({ kind, request, target }: Call, object: KubeObject, body: unknown): void {
  const causes = kind.custom ? [] : validateSchema(kind, object);
  const cause = causes.find(({ field }) => field?.startsWith(MANAGERS) !== true);
  const why =
    findBadManagers(object.metadata['managedFields']) ??
    (cause && `json: cannot unmarshal ${kind.kind}.${cause.field}: ${cause.message}`) ??
    findBadBytes(kind, object);
  if (why === undefined) return;
  if (request.verb === 'patch') throw unfit(body, why);
  const what = `${kind.kind} in version "${target.version}"`;
  throw badRequest(`${what} cannot be handled as a ${kind.kind}: ${why}`);
}

function unfit(body: unknown, why: string): StatusError {
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(body))}: ${why}`;
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
  return new StatusError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    details: { causes },
  });
}

/** The Secret with what came as text in its data. */
function withoutTexts(secret: KubeObject): KubeObject {
  const { stringData, ...rest } = secret;
  if (!isRecord(stringData)) return rest;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(String(text)).toString('base64'),
  ]);
  const data = isRecord(rest['data']) ? rest['data'] : {};
  return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
}
