import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Kind } from './kinds.ts';
import { schemaOf } from './schemas.ts';
import type { Cause } from './status.ts';
import type { KubeObject } from './store.ts';

// `strict: false`: OpenAPI has keywords of its own, and Kubernetes more.
const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, validateFormats: false });
const validators = new Map<string, ValidateFunction>();

/** What a kind's schema says against an object, one cause for each field, worded as the real API server words it. */
export function validateSchema(kind: Kind, object: KubeObject): Cause[] {
  const validate = validators.get(kind.kind) ?? ajv.compile(schemaOf(kind));
  validators.set(kind.kind, validate);
  return validate(object) ? [] : (validate.errors ?? []).map(describeError);
}

function describeError({ keyword, params, data, ...error }: ErrorObject): Cause {
  const field = error.instancePath
    .slice(1)
    .replaceAll('/', '.')
    .replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]');
  const value = JSON.stringify(data);
  switch (keyword) {
    case 'required': {
      const missing = [field, String(params['missingProperty'])].filter(Boolean).join('.');
      return { reason: 'FieldValueRequired', message: 'Required value', field: missing };
    }
    case 'enum': {
      const values = [params['allowedValues']].flat().map((entry) => JSON.stringify(entry));
      const message = `Unsupported value: ${value}: supported values: ${values.join(', ')}`;
      return { reason: 'FieldValueNotSupported', message, field };
    }
    case 'type': {
      const kind = JSON.stringify(kindOf(data));
      const type = String(params['type']).replace(',null', '');
      const message = `Invalid value: ${kind}: ${field} in body must be of type ${type}: ${kind}`;
      return { reason: 'FieldValueTypeInvalid', message, field };
    }
    case 'pattern': {
      const message = `Invalid value: ${value}: ${field} in body should match '${String(params['pattern'])}'`;
      return { reason: 'FieldValueInvalid', message, field };
    }
    default:
      return { message: `Invalid value: ${value}: ${error.message ?? keyword}`, field };
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
