import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { crdSchemaOf } from './crds.ts';
import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';
import type { Cause } from './status.ts';

// `strict: false`: OpenAPI has keywords of its own, and Kubernetes more.
const ajv = new Ajv({ strict: false, allErrors: true, verbose: true });
const validators = new Map<string, ValidateFunction>();

/**
 * What the CRD's schema says against an object, one cause for each field, worded as the real API server words it;
 * empty for a kind without a CRD.
 */
export function validateSchema(kind: Kind, object: KubeObject): Cause[] {
  const validate = validators.get(kind.plural) ?? compile(kind);
  if (validate === undefined || validate(object)) return [];
  return (validate.errors ?? []).map(describeError);
}

function compile(kind: Kind): ValidateFunction | undefined {
  const schema = crdSchemaOf(kind);
  if (schema === undefined) return undefined;
  const validate = ajv.compile(schema);
  validators.set(kind.plural, validate);
  return validate;
}

function describeError(error: ErrorObject): Cause {
  const { keyword, params, data } = error;
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const value = JSON.stringify(data);
  switch (keyword) {
    case 'required': {
      const missing = String(params['missingProperty']);
      const field = path === '' ? missing : `${path}.${missing}`;
      return { reason: 'FieldValueRequired', message: 'Required value', field };
    }
    case 'enum': {
      const values = [params['allowedValues']].flat().map((entry) => JSON.stringify(entry));
      const message = `Unsupported value: ${value}: supported values: ${values.join(', ')}`;
      return { reason: 'FieldValueNotSupported', message, field: path };
    }
    case 'type': {
      const type = String(params['type']).replace(',null', '');
      const message = `Invalid value: ${JSON.stringify(kindOf(data))}: ${path} in body must be of type ${type}: ${JSON.stringify(kindOf(data))}`;
      return { reason: 'FieldValueTypeInvalid', message, field: path };
    }
    case 'pattern': {
      const message = `Invalid value: ${value}: ${path} in body should match '${String(params['pattern'])}'`;
      return { reason: 'FieldValueInvalid', message, field: path };
    }
    default:
      return { message: `Invalid value: ${value}: ${error.message ?? keyword}`, field: path };
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
