import * as z from 'zod';
import { ceTypeOf, SEVERITIES, STATUS_DATA } from '#shared/status/events.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * One JSON Schema per event type, by its file name in `shared/status/schemas`: what a subscriber receives, its
 * attributes and its data. Later versions may add fields, so that unknown ones are not refused.
 */
export function statusJsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const entries = Object.entries(STATUS_DATA);
  return Object.fromEntries(
    entries.map(([type, data]) => [`${ceTypeOf(type)}.json`, jsonSchemaOf(type, data)]),
  );
}

function jsonSchemaOf(type: string, data: z.ZodType): JsonSchema {
  const message = z.object({
    attributes: z.object({
      'ce-specversion': z.literal('1.0'),
      'ce-id': z.string().regex(/^[0-9a-f]{64}$/),
      'ce-type': z.literal(ceTypeOf(type)),
      'ce-source': z.string().regex(/^\/\/countersign\.dev\/.+$/),
      'ce-time': z.iso.datetime(),
      'ce-subject': z.string(),
      'content-type': z.literal('application/json'),
      severity: z.enum(SEVERITIES),
      type: z.literal(type),
      image: z.string().optional(),
      cluster: z.string().optional(),
      sync: z.string().optional(),
      googclient_traceparent: z.string().optional(),
    }),
    data,
  });
  const schema = z.toJSONSchema(message, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
      // The format says it; the pattern behind it is not for people.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
  return { title: ceTypeOf(type), ...schema };
}
