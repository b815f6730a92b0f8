import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { EXPORT_LIMIT_MS } from './limits.ts';
import { createOtelTracing, type OtelTracing } from './otel-tracing.ts';
import type { TraceSettings } from './read-env.ts';
import { createSampler } from './sampler.ts';
import type { TraceContext } from './trace-context.ts';

export interface SendDeps {
  readonly context: TraceContext;
  readonly service: string;
  readonly revision?: string;
  readonly projectId?: string;
  /** An access token of our own identity that is valid now. */
  readonly googleToken: () => Promise<string>;
}

/** The one host that gets a Google token (DESIGN section 2, law 9); a collector is asked without. */
const GOOGLE_HOST = 'telemetry.googleapis.com';

/** Traces whose spans go to `settings.url`. This file is only ever imported dynamically: it is the heavy part. */
export function sendSpans(settings: TraceSettings, deps: SendDeps): OtelTracing {
  const { context, service, revision } = deps;
  const described = resourceFromAttributes({
    'service.name': service,
    'service.namespace': 'countersign',
    ...(revision === undefined ? {} : { 'service.version': revision }),
    // Google's endpoint does not say which project it is written to without it.
    ...(deps.projectId === undefined ? {} : { 'gcp.project_id': deps.projectId }),
  });
  return createOtelTracing({
    context,
    sampler: createSampler(settings),
    // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say counts.
    resource: described.merge(detectResources({ detectors: [envDetector] })),
    exporter: new OTLPTraceExporter({
      url: settings.url,
      timeoutMillis: EXPORT_LIMIT_MS,
      ...(takesGoogleToken(settings.url) ? { headers: () => credentials(deps) } : {}),
    }),
  });
}

/** Whether spans for `url` are sent with a token of ours: to Google's own endpoint, by HTTPS, and to nobody else. */
export function takesGoogleToken(url: string): boolean {
  const { protocol, host } = new URL(url);
  return protocol === 'https:' && host === GOOGLE_HOST;
}

/** The exporter forbids failures here: without a token Google refuses, and that is told as any refusal is. */
async function credentials({ googleToken, projectId }: SendDeps): Promise<Record<string, string>> {
  try {
    const quota = projectId === undefined ? {} : { 'x-goog-user-project': projectId };
    return { authorization: `Bearer ${await googleToken()}`, ...quota };
  } catch {
    return {};
  }
}
