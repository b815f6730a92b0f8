import { OUTPUTS } from '#functions/cli/schemas/outputs.ts';
import { type JsonSchema, jsonSchemaOf } from './event-schemas.ts';

/** One JSON Schema per result of the command, by its file name in `functions/cli/schemas`. */
export function outputJsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const schemas = Object.entries(OUTPUTS).map(([name, shape]) => {
    const title = `countersign ${name.replaceAll('-', ' ')}`;
    return [`${name}.json`, { title, ...jsonSchemaOf(shape) }] as const;
  });
  return Object.fromEntries(schemas);
}
