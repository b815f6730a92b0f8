import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { isRecord } from './check.ts';
import { configSchema } from './schema.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The JSON Schema of the config file, for editors, for the generated reference, and for the fixes we propose. */
export function buildJsonSchema(): JsonSchema {
  return {
    $id: 'https://countersign.dev/schemas/countersign.v1.json',
    title: 'Countersign configuration',
    ...z.toJSONSchema(configSchema, {
      io: 'input',
      // Integers beyond 2^53, which JSON Schema does not distinguish from others.
      unrepresentable: 'any',
      override({ zodSchema, jsonSchema }) {
        if (zodSchema instanceof z.ZodBigInt) jsonSchema.type = 'integer';
      },
    }),
  };
}

/** What the schema says of one place in the file. */
export interface FieldHelp {
  readonly description?: string;
  /** As JSON. */
  readonly example?: string;
  /** The values it may have, where they are a closed list. */
  readonly choices: readonly string[];
  /** The keys it may have. */
  readonly keys: readonly string[];
}

/** Help for the place that `path` names in `schema`; all empty where there is no such place. */
export function helpFor(path: readonly (string | number)[], schema: JsonSchema): FieldHelp {
  let places = [schema];
  for (const step of path)
    places = places.flatMap(branchesOf).flatMap((place) => stepInto(place, step));
  const branches = places.flatMap(branchesOf);
  // Alternatives that say different things say nothing of the place as such.
  const [description, ...others] = new Set(places.flatMap((place) => place.description ?? []));
  const example = places.flatMap(({ examples }) => (Array.isArray(examples) ? examples : []))[0];
  return {
    ...defined({
      description: others.length > 0 ? undefined : description,
      example: example === undefined ? undefined : JSON.stringify(example),
    }),
    choices: [...new Set(branches.flatMap(choicesOf))],
    keys: [...new Set(branches.flatMap(({ properties }) => Object.keys(properties ?? {})))],
  };
}

/** The schema itself, or the alternatives it consists of; `oneOf` with only `required` is a condition, not a shape. */
export function branchesOf(place: JsonSchema): JsonSchema[] {
  const alternatives = [...(place.anyOf ?? []), ...(place.oneOf ?? [])].filter(isSchema);
  const shapes = alternatives.filter(({ type, ...rest }) => type !== undefined || 'const' in rest);
  return shapes.length === 0 ? [place] : shapes;
}

function stepInto(place: JsonSchema, step: string | number): JsonSchema[] {
  if (typeof step === 'number') return [place.items].flat().filter(isSchema);
  const properties = place.properties ?? {};
  return [Object.hasOwn(properties, step) ? properties[step] : place.additionalProperties].filter(
    isSchema,
  );
}

function choicesOf(place: JsonSchema): string[] {
  if (place.type === 'boolean' && place.const === undefined) return ['true', 'false'];
  const values = place.enum ?? (place.const === undefined ? [] : [place.const]);
  return values.map(String);
}

export function isSchema(value: unknown): value is JsonSchema {
  return isRecord(value);
}
