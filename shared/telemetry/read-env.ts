import * as z from 'zod';
import { defined } from '#shared/core/defined.ts';
import { readVariables, type Variables } from '#shared/net/environment.ts';

/** What the environment says of telemetry, in OpenTelemetry's own variables. */
export interface TelemetrySettings {
  /** Absent: spans are not collected, and nothing that could send them is loaded. */
  readonly traces?: TraceSettings;
  readonly metrics: MetricSettings;
}

export interface TraceSettings {
  /** Where spans go, as OTLP over HTTP in JSON. */
  readonly url: string;
  readonly sampler: SamplerName;
  /** For the samplers by ratio, between 0 and 1. */
  readonly ratio: number;
}

export interface MetricSettings {
  /** As lines of the log, for log-based metrics. */
  readonly lines: boolean;
  /** On an address of its own, as text for Prometheus. */
  readonly prometheus?: { readonly host: string; readonly port: number };
}

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export type SamplerName = (typeof SAMPLERS)[number];

/** Where a collector listens, by OTLP's own default. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';
const DEFAULT_PROMETHEUS = { host: '127.0.0.1', port: 9464 } as const;

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
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS, `must be one of ${SAMPLERS.join(', ')}`).optional(),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/, 'must be a share between 0 and 1')
    .transform(Number)
    .optional(),
  OTEL_METRICS_EXPORTER: z
    .string()
    .transform((list) => list.split(','))
    .pipe(
      z.array(
        z.enum(['console', 'prometheus', 'none'], 'must be console, prometheus, both, or none'),
      ),
    )
    .optional(),
  OTEL_EXPORTER_PROMETHEUS_HOST: z.string().regex(ADDRESS, 'must be an address').optional(),
  OTEL_EXPORTER_PROMETHEUS_PORT: z
    .string()
    .regex(/^[0-9]{1,5}$/, 'must be a port')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port')
    .optional(),
});

type Environment = z.infer<typeof Environment>;

/**
 * Reads OpenTelemetry's variables, as far as they are ours to honour; the exporter reads its own (headers, time-out)
 * itself. Traces are sent when an endpoint or `OTEL_TRACES_EXPORTER=otlp` says so; metrics are lines of the log unless
 * `OTEL_METRICS_EXPORTER` says otherwise. Throws `bad-config` naming the variable.
 */
export function readTelemetryEnv(env: Variables): TelemetrySettings {
  const data = readVariables(Environment, env);
  if (data.OTEL_SDK_DISABLED === 'true') return { metrics: { lines: false } };
  return { metrics: metricsOf(data), ...defined({ traces: tracesOf(data) }) };
}

function tracesOf(data: Environment): TraceSettings | undefined {
  const endpoint = data.OTEL_EXPORTER_OTLP_ENDPOINT;
  const own = data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const wanted = data.OTEL_TRACES_EXPORTER ?? ((own ?? endpoint) ? 'otlp' : 'none');
  if (wanted === 'none') return undefined;
  return {
    url: own ?? `${(endpoint ?? DEFAULT_ENDPOINT).replace(/\/$/, '')}/v1/traces`,
    sampler: data.OTEL_TRACES_SAMPLER ?? 'parentbased_always_on',
    ratio: data.OTEL_TRACES_SAMPLER_ARG ?? 1,
  };
}

function metricsOf(data: Environment): MetricSettings {
  const exporters = data.OTEL_METRICS_EXPORTER ?? ['console'];
  const lines = exporters.includes('console');
  if (!exporters.includes('prometheus')) return { lines };
  return {
    lines,
    prometheus: {
      host: data.OTEL_EXPORTER_PROMETHEUS_HOST ?? DEFAULT_PROMETHEUS.host,
      port: data.OTEL_EXPORTER_PROMETHEUS_PORT ?? DEFAULT_PROMETHEUS.port,
    },
  };
}
