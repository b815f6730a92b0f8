import * as z from 'zod';

/** OTLP 1.x as JSON, as far as it is shown: opentelemetry-proto, `trace/v1/trace.proto`. */
const Value = z
  .object({
    stringValue: z.string(),
    intValue: z.union([z.number(), z.string()]),
    boolValue: z.boolean(),
    doubleValue: z.number(),
    arrayValue: z.object({ values: z.array(z.object({ stringValue: z.string() }).partial()) }),
  })
  .partial();

const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, textOf(value)])));

/** As milliseconds, to the microsecond: more than a double holds of nanoseconds since 1970. */
const Nanoseconds = z
  .union([z.string().regex(/^\d{1,20}$/), z.int()])
  .transform((text) => Number(BigInt(text) / 1_000n) / 1_000);

const OtlpSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: Nanoseconds,
  endTimeUnixNano: Nanoseconds,
  attributes: Attributes,
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
});

/** The body of `POST /v1/traces`. */
export const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(OtlpSpan) })),
    }),
  ),
});

export type Export = z.infer<typeof Export>;

function textOf(value: z.infer<typeof Value>): string {
  const { stringValue, intValue, boolValue, doubleValue, arrayValue } = value;
  const list = arrayValue?.values.map((one) => one.stringValue ?? '').join(', ');
  return String(stringValue ?? intValue ?? boolValue ?? doubleValue ?? list ?? '');
}
