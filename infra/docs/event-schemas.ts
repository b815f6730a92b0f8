import * as z from 'zod';
import { ceTypeOf, SEVERITIES, type StatusType } from '#shared/status/events.ts';
import { STATUS_DATA } from '#shared/status/status-data.ts';
import { sampleOf } from './event-sample.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * One JSON Schema per event type, by its file name in `shared/status/schemas`: what a subscriber receives, its
 * attributes and its data, with a sample under `examples`.
 */
export function statusJsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const types = Object.keys(STATUS_DATA).filter(isType);
  const schemas = types.map((type) => {
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
      data: STATUS_DATA[type],
    });
    const schema = { title, ...jsonSchemaOf(message), examples: [sampleOf(type)] };
    return [`${title}.json`, schema] as const;
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

export function isType(name: string): name is StatusType {
  return Object.hasOwn(STATUS_DATA, name);
}
