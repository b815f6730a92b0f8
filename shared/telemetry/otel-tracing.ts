import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Span as OtelSpan,
  trace as otelTrace,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type Sampler,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { toFailure } from '#shared/core/errors.ts';
import type { SpanAttributes, SpanOptions, Trace, Tracing } from '#shared/core/tracing.ts';
import { createPassiveTracing, type TraceContext } from './telemetry.ts';

/** One export, its retry included. Spans of an export that failed are gone: they are not worth memory. */
export const EXPORT_LIMIT_MS = 2_000;

/** Of one attribute: names of images and clusters are shorter, and texts of others are cut. */
const MAX_ATTRIBUTE_CHARACTERS = 512;

export interface OtelTracingDeps {
  readonly context: TraceContext;
  readonly exporter: SpanExporter;
  readonly sampler: Sampler;
  readonly resource: Resource;
}

export interface OtelTracing extends Tracing {
  /** Rejects when spans could not be sent. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Of OpenTelemetry's conventions: its presence makes a span a failed one. */
const ERROR_TYPE = 'error.type';

const KINDS: Readonly<Record<NonNullable<SpanOptions['kind']>, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  server: SpanKind.SERVER,
};

/**
 * Tracing by OpenTelemetry's SDK, over a context of our own: nothing is registered globally, so that no package that we
 * bundle begins to trace by itself. This file is only ever imported dynamically.
 *
 * @example
 * const tracing = createOtelTracing({ context, exporter, sampler, resource });
 */
export function createOtelTracing(deps: OtelTracingDeps): OtelTracing {
  const { context, exporter, sampler, resource } = deps;
  const provider = new TracerProvider({
    resource,
    sampler,
    spanLimits: { attributeValueLengthLimit: MAX_ATTRIBUTE_CHARACTERS },
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_LIMIT_MS })],
  });
  const tracer = provider.getTracer('countersign');
  return {
    ...createPassiveTracing(context),
    span(name, { kind = 'internal', attributes = {}, link }, work) {
      const links = link === undefined ? [] : [{ context: spanContextOf(link) }];
      const options = { kind: KINDS[kind], attributes: copy(attributes), links };
      const span = tracer.startSpan(name, options, parentOf(context.getStore()));
      return context.run(traceOf(span), async () => {
        try {
          return await work({ set: (more) => add(span, more) });
        } catch (error) {
          add(span, { [ERROR_TYPE]: toFailure(error).code });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown(),
  };
}

function add(span: OtelSpan, attributes: SpanAttributes): void {
  span.setAttributes(copy(attributes));
  const error = attributes[ERROR_TYPE];
  // The code alone: what clusters and registries say in an error is for the log.
  if (typeof error === 'string') span.setStatus({ code: SpanStatusCode.ERROR, message: error });
}

function copy(attributes: SpanAttributes): Attributes {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? [...value] : value]),
  );
}

function parentOf(trace: Trace | undefined): Context {
  if (trace === undefined) return ROOT_CONTEXT;
  return otelTrace.setSpanContext(ROOT_CONTEXT, spanContextOf(trace));
}

function spanContextOf({ traceId, spanId, sampled }: Trace): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

function traceOf(span: OtelSpan): Trace {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}
