import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { defined } from '#shared/core/defined.ts';
import { createOtelTracing, EXPORT_LIMIT_MS, type OtelTracing } from './otel-tracing.ts';
import type { TraceSettings } from './read-env.ts';
import type { TraceContext } from './telemetry.ts';

export interface SendDeps {
  readonly context: TraceContext;
  readonly service: string;
  readonly revision?: string;
  readonly projectId?: string;
  /** An access token of our own identity that is valid now. */
  readonly googleToken: () => Promise<string>;
}

/** The one host that gets a Google token ; a collector is asked without. */
const GOOGLE_HOST = 'telemetry.googleapis.com';

/** Traces whose spans go to `settings.url`. This file is only ever imported dynamically: it is the heavy part. */
export function sendSpans(settings: TraceSettings, deps: SendDeps): OtelTracing {
  const { context, service, revision, projectId } = deps;
  const described = resourceFromAttributes({
    'service.name': service,
    'service.namespace': 'countersign',
    ...defined({
      'service.version': revision,
      // Google's endpoint does not say which project it is written to without it.
      'gcp.project_id': projectId,
    }),
  });
  return createOtelTracing({
    context,
    sampler: createSampler(settings),
    // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say counts.
    resource: described.merge(detectResources({ detectors: [envDetector] })),
    exporter: new OTLPTraceExporter({
      url: settings.url,
      timeoutMillis: EXPORT_LIMIT_MS,
      ...defined({
        headers: takesGoogleToken(settings.url) ? () => credentials(deps) : undefined,
      }),
    }),
  });
}

/** Whether spans for `url` are sent with the function's own token: to Google's own endpoint, by HTTPS, and to no other. */
export function takesGoogleToken(url: string): boolean {
  const { protocol, host } = new URL(url);
  return protocol === 'https:' && host === GOOGLE_HOST;
}

/** The exporter forbids failures here: without a token Google refuses, and that is reported as any refusal is. */
async function credentials({ googleToken, projectId }: SendDeps): Promise<Record<string, string>> {
  try {
    const authorization = `Bearer ${await googleToken()}`;
    return defined({ authorization, 'x-goog-user-project': projectId });
  } catch {
    return {};
  }
}

const PARENT_BASED = 'parentbased_';

/** The sampler that `OTEL_TRACES_SAMPLER` names. */
function createSampler({ sampler, ratio }: TraceSettings): Sampler {
  if (!sampler.startsWith(PARENT_BASED)) return createRoot(sampler, ratio);
  return new ParentBasedSampler({ root: createRoot(sampler.slice(PARENT_BASED.length), ratio) });
}

function createRoot(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}
