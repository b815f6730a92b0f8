import type { Trace } from '#shared/core/tracing.ts';

// W3C Trace Context, section 3.2.2: version 00 has exactly these four fields; later ones may append more.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
// Google's older form TRACE/SPAN;o=1, whose span is decimal and may be absent.
const CLOUD_TRACE = /^([0-9a-f]{32})(?:\/([0-9]{1,20}))?(?:;o=([01]))?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const MAX_SPAN = 2n ** 64n;

/**
 * Attributes of a message that carry the trace of its publisher: where Google's clients put it, the name that W3C gave
 * it, and the one that CloudEvents' extension for distributed tracing gets in Pub/Sub. The first that can be read
 * counts.
 */
export const TRACE_ATTRIBUTES = [
  'googclient_traceparent',
  'traceparent',
  'ce-traceparent',
] as const;

/** The trace a request came with: `traceparent`, else `X-Cloud-Trace-Context`; undefined when neither can be read. */
export function readTrace(headers: Headers): Trace | undefined {
  return (
    parseTraceparent(headers.get('traceparent') ?? '') ??
    parseCloudTrace(headers.get('x-cloud-trace-context') ?? '')
  );
}

/** Reads the value of a `traceparent` header, or of the Pub/Sub attribute that carries one. */
export function parseTraceparent(value: string): Trace | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(value) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Writes the value of a `traceparent` header, version 00. */
export function formatTraceparent({ traceId, spanId, sampled }: Trace): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

function parseCloudTrace(value: string): Trace | undefined {
  const [, traceId, span, option] = CLOUD_TRACE.exec(value) ?? [];
  if (traceId === undefined || traceId === NO_TRACE) return undefined;
  const spanNumber = BigInt(span ?? '0');
  if (spanNumber >= MAX_SPAN) return undefined;
  return { traceId, spanId: spanNumber.toString(16).padStart(16, '0'), sampled: option === '1' };
}
