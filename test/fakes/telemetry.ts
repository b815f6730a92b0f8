import { AsyncLocalStorage } from 'node:async_hooks';
import { AlwaysOnSampler, InMemorySpanExporter, type Sampler } from '@opentelemetry/sdk-trace';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { LineMeter } from '#shared/telemetry/metrics.ts';
import { createOtelTracing, type OtelTracing } from '#shared/telemetry/otel-tracing.ts';

/** A meter that keeps what it gets: name, value, labels. */
export function recordMeter(): { readonly meter: LineMeter; readonly told: unknown[][] } {
  const told: unknown[][] = [];
  return { told, meter: { record: (...all) => void told.push(all), ride: () => ({}) } };
}

export interface SeenSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2 is an error. */
  readonly status: number;
  readonly links: readonly string[];
}

/** The real tracing, whose spans stay here, in the order in which they ended. */
export function recordSpans(sampler: Sampler = new AlwaysOnSampler()): {
  readonly tracing: OtelTracing;
  readonly spans: () => Promise<readonly SeenSpan[]>;
} {
  const exporter = new InMemorySpanExporter();
  const resource = resourceFromAttributes({});
  const tracing = createOtelTracing({
    context: new AsyncLocalStorage(),
    exporter,
    sampler,
    resource,
  });
  return {
    tracing,
    async spans() {
      await tracing.flush();
      return exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parent: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        status: span.status.code,
        links: span.links.map(({ context }) => context.traceId),
      }));
    },
  };
}
