import * as z from 'zod';
import { ceTypeOf, SEVERITIES, STATUS_DATA } from '#shared/status/events.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * One JSON Schema per event type, by its file name in `shared/status/schemas`: what a subscriber receives, its
 * attributes and its data.
 */
export function statusJsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const schemas = Object.entries(STATUS_DATA).map(([type, data]) => {
    const title = ceTypeOf(type);
    const message = z.object({
      attributes: z.object({
        'ce-specversion': z.literal('1.0'),
        'ce-id': z.string().regex(/^[0-9a-f]{64}$/),
        'ce-type': z.literal(title),
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
    return [`${title}.json`, { title, ...jsonSchemaOf(message) }] as const;
  });
  return Object.fromEntries(schemas);
}

/** For subscribers. Later versions may add fields, so that unknown ones are not refused. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
      // The format says it; the pattern behind it is not for people.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
}
