import type { Export } from './schema.ts';

/** One step of a trace, as it was collected. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: nobody before it is known to anyone. */
  readonly parent?: string;
  /** Which function it was. */
  readonly service: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

/** OTLP's `STATUS_CODE_ERROR`. */
const FAILED = 2;

/** The spans of one export, each with the service that its resource names. */
export function spansOf({ resourceSpans }: Export): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = resource.attributes['service.name'] ?? 'unknown';
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ traceId, spanId, parentSpanId = '', name, status, attributes, ...times }) => ({
        traceId,
        spanId,
        ...(parentSpanId === '' ? {} : { parent: parentSpanId }),
        service,
        name,
        start: times.startTimeUnixNano,
        end: times.endTimeUnixNano,
        failed: status.code === FAILED,
        attributes,
      }));
  });
}
