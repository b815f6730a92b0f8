import protobuf from 'protobufjs';
import { PubsubError } from './pubsub-error.ts';

/**
 * The fields of a message in JSON, by the names that it has there: a field may also have its name of the proto file, as
 * `ordering_key` is `orderingKey`. What is no object is returned as it is. Throws what Google's APIs say of an unknown
 * field.
 */
export function readFields(type: protobuf.Type, value: unknown, place = ''): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).map(([sent, inner]): [string, unknown] => {
    const name = sent.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const field = type.fieldsArray.find((known) => known.name === name);
    if (field === undefined) {
      const at = place === '' ? '' : ` at '${place}'`;
      const unknown = `Invalid JSON payload received. Unknown name "${sent}"${at}: Cannot find field.`;
      throw new PubsubError('INVALID_ARGUMENT', unknown);
    }
    return [name, readField(field.resolve(), inner, place === '' ? sent : `${place}.${sent}`)];
  });
  return Object.fromEntries(fields);
}

function readField(field: protobuf.Field, value: unknown, place: string): unknown {
  const { resolvedType: type } = field;
  // The keys of a map are the caller's own.
  if (field.map || !(type instanceof protobuf.Type)) return value;
  if (!field.repeated || !Array.isArray(value)) return readFields(type, value, place);
  return value.map((item, index) => readFields(type, item, `${place}[${index}]`));
}
