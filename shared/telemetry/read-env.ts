import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { readVariables, type Variables } from '#shared/net/environment.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where a collector listens, by OTLP's own default. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';

const Url = z.url({
  protocol: /^https?$/,
  error: 'must be a URL, for instance http://localhost:4318',
});
const ADDRESS = /^[A-Za-z0-9.:-]+$/;

const Environment = z.object({
  OTEL_SDK_DISABLED: z.enum(['true', 'false'], 'must be true or false').optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], 'must be otlp or none').optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: Url.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Url.optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`)
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/, 'must be a share between 0 and 1')
    .transform(Number)
    .default(1),
  OTEL_METRICS_EXPORTER: z
    .string()
    .transform((list) => list.split(','))
    .pipe(
      z.array(
        z.enum(['console', 'prometheus', 'none'], 'must be console, prometheus, both, or none'),
      ),
    )
    .default(['console']),
  OTEL_EXPORTER_PROMETHEUS_HOST: z
    .string()
    .regex(ADDRESS, 'must be an address')
    .default('127.0.0.1'),
  OTEL_EXPORTER_PROMETHEUS_PORT: z
    .string()
    .regex(/^[0-9]{1,5}$/, 'must be a port')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port')
    .default(9464),
});

const Settings = Environment.transform((data) => {
  const exporters = data.OTEL_SDK_DISABLED === 'true' ? [] : data.OTEL_METRICS_EXPORTER;
  const isServed = exporters.includes('prometheus');
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = data;
  return {
    /** Absent: spans are not collected, and nothing that could send them is loaded. */
    ...defined({ traces: tracesOf(data) }),
    metrics: {
      /** As lines of the log, for log-based metrics. */
      lines: exporters.includes('console'),
      /** On an address of its own, as text for Prometheus. */
      ...defined({ prometheus: isServed ? { host, port } : undefined }),
    },
  };
});

/** What the environment says of telemetry, in OpenTelemetry's own variables. */
export type TelemetrySettings = z.output<typeof Settings>;

export interface TraceSettings {
  /** Where spans go, as OTLP over HTTP in JSON. */
  readonly url: string;
  readonly sampler: (typeof SAMPLERS)[number];
  /** For the samplers by ratio, between 0 and 1. */
  readonly ratio: number;
}

/**
 * Reads OpenTelemetry's variables, as far as they are ours to honour; the exporter reads its own (headers, time-out)
 * itself. Traces are sent when an endpoint or `OTEL_TRACES_EXPORTER=otlp` says so; metrics are lines of the log unless
 * `OTEL_METRICS_EXPORTER` says otherwise. Throws `bad-config` naming the variable.
 */
export function readTelemetryEnv(env: Variables): TelemetrySettings {
  return readVariables(Settings, env);
}

function tracesOf(data: z.output<typeof Environment>): TraceSettings | undefined {
  const endpoint = data.OTEL_EXPORTER_OTLP_ENDPOINT;
  const own = data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const wanted = data.OTEL_TRACES_EXPORTER ?? ((own ?? endpoint) ? 'otlp' : 'none');
  if (wanted === 'none' || data.OTEL_SDK_DISABLED === 'true') return undefined;
  return {
    url: own ?? `${(endpoint ?? DEFAULT_ENDPOINT).replace(/\/$/, '')}/v1/traces`,
    sampler: data.OTEL_TRACES_SAMPLER,
    ratio: data.OTEL_TRACES_SAMPLER_ARG,
  };
}
