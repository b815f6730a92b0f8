import { Hono } from 'hono';
import { parseJson } from '#shared/net/json.ts';
import { readStart } from '#shared/net/read-body.ts';
import { listen, type Listening } from '../listen.ts';
import * as z from 'zod';

export interface Collector extends Pick<Listening, 'close'> {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is to be. */
  readonly url: string;
  /** Every span so far, the oldest forgotten first. */
  readonly spans: () => readonly CollectedSpan[];
}

/** A thousand pushes to a few clusters; everything here is in memory. */
const MAX_SPANS = 50_000;
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Traces that one look shows, the newest last, as a terminal has it. */
const SHOWN_TRACES = 5;

/**
 * A collector of spans in small: takes OTLP over HTTP in JSON, and draws traces as text at `/traces` and
 * `/traces/<trace id>`; with `?name=` only those that have such a step. Port 0 takes a free one.
 *
 * @example
 * const { url, spans } = await startCollector({ port: 4318 });
 */
export async function startCollector({ port }: { readonly port: number }): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const app = new Hono();
  app.post('/v1/traces', async (c) => {
    const { bytes, cut } = await readStart(c.req.raw.body, MAX_BODY_BYTES);
    if (cut) return c.json({ message: 'This export is too large' }, 413);
    const body = Export.safeParse(parseJson(bytes));
    if (!body.success) return c.json({ message: 'This is no OTLP export in JSON' }, 400);
    spans.push(...body.data);
    spans.splice(0, Math.max(0, spans.length - MAX_SPANS));
    return c.json({});
  });
  app.get('/traces', (c) => {
    const name = c.req.query('name');
    const traces = Map.groupBy(spans, ({ traceId }) => traceId);
    const drawn = [...traces.values()]
      .filter((trace) => name === undefined || trace.some((span) => span.name === name))
      .slice(-SHOWN_TRACES)
      .map(drawTrace);
    return c.text(drawn.length === 0 ? 'No traces yet\n' : drawn.join('\n'));
  });
  app.get('/traces/:id', (c) => {
    const trace = spans.filter(({ traceId }) => traceId === c.req.param('id'));
    return trace.length === 0 ? c.text('No such trace\n', 404) : c.text(drawTrace(trace));
  });
  const { host, close } = await listen(() => app, port);
  return { url: `http://${host}`, spans: () => spans, close };
}

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

/** OTLP's `STATUS_CODE_ERROR`. */
const FAILED = 2;

/** One step; `parent` is absent where no step before it is known. Times are milliseconds since 1970. */
const Span = z
  .object({
    traceId: z.string(),
    spanId: z.string(),
    parentSpanId: z.string().optional(),
    name: z.string(),
    startTimeUnixNano: Nanoseconds,
    endTimeUnixNano: Nanoseconds,
    attributes: Attributes,
    status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
  })
  .transform(({ parentSpanId, startTimeUnixNano, endTimeUnixNano, status, ...span }) => ({
    ...span,
    ...(parentSpanId ? { parent: parentSpanId } : {}),
    start: startTimeUnixNano,
    end: endTimeUnixNano,
    failed: status.code === FAILED,
  }));

/** The spans in the body of `POST /v1/traces`, each with the service that its resource names. */
export const Export = z
  .object({
    resourceSpans: z.array(
      z.object({
        resource: z.object({ attributes: Attributes }),
        scopeSpans: z.array(z.object({ spans: z.array(Span) })),
      }),
    ),
  })
  .transform(({ resourceSpans }) =>
    resourceSpans.flatMap(({ resource, scopeSpans }) => {
      const service = resource.attributes['service.name'] ?? 'unknown';
      return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
    }),
  );

/** One step of a trace, as it was collected. */
export type CollectedSpan = z.output<typeof Export>[number];

function textOf(value: z.infer<typeof Value>): string {
  const { stringValue, intValue, boolValue, doubleValue, arrayValue } = value;
  const list = arrayValue?.values.map((one) => one.stringValue ?? '').join(', ');
  return String(stringValue ?? intValue ?? boolValue ?? doubleValue ?? list ?? '');
}

/** What a line says of a step beside its name, in this order; the rest is for programs. */
const SHOWN = [
  'countersign.cluster',
  'countersign.sync',
  'countersign.event',
  'countersign.image',
  'countersign.digest',
  'countersign.verdict',
  'countersign.authorities',
  'countersign.reasons',
  'countersign.phase',
  'messaging.destination.subscription.name',
  'messaging.destination.name',
  'messaging.batch.message_count',
  'http.route',
  'error.type',
] as const;

/** Said by the step above, or by the event, already. */
const IMPLIED: Readonly<Record<string, readonly string[]>> = {
  'publish status': ['countersign.image', 'countersign.digest', 'countersign.phase'],
  list: ['countersign.cluster'],
  decide: ['countersign.cluster'],
  patch: ['countersign.cluster', 'countersign.sync'],
};

/** As much of a digest as people compare. */
const DIGEST = /(sha256:[0-9a-f]{8})[0-9a-f]{56}/g;
const WIDTH = 8;

/**
 * A trace as a tree, a line for each step: when it began since the trace did, how long it took, its function, and what
 * it was about. Steps whose parent was not collected stand at the left.
 */
export function drawTrace(spans: readonly CollectedSpan[]): string {
  const sorted = spans.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const [first] = sorted;
  if (first === undefined) return '';
  const present = new Set(sorted.map(({ spanId }) => spanId));
  const children = Map.groupBy(sorted, ({ parent = '' }) => (present.has(parent) ? parent : ''));
  const lines: string[] = [`trace ${first.traceId}, ${sorted.length} steps`];
  const draw = (of: string, indent: string): void => {
    const list = children.get(of) ?? [];
    for (const [at, span] of list.entries()) {
      const last = at === list.length - 1;
      const root = of === '';
      const branch = root ? '' : last ? '└─ ' : '├─ ';
      lines.push(`${timesOf(span, first.start)}  ${indent}${branch}${describe(span, of === '')}`);
      draw(span.spanId, `${indent}${root ? '' : last ? '   ' : '│  '}`);
    }
  };
  lines.push(`${'start'.padStart(WIDTH)} ${'ms'.padStart(WIDTH)}`);
  draw('', '');
  return `${lines.join('\n')}\n`;
}

function timesOf({ start, end }: CollectedSpan, origin: number): string {
  const since = (start - origin).toFixed(0);
  return `${since.padStart(WIDTH)} ${(end - start).toFixed(1).padStart(WIDTH)}`;
}

function describe(span: CollectedSpan, root: boolean): string {
  const { name, service, attributes, failed } = span;
  const implied = IMPLIED[name] ?? [];
  const details = SHOWN.filter((key) => !implied.includes(key)).flatMap((key) => {
    const value = attributes[key];
    return value === undefined || value === '' ? [] : [value];
  });
  const received = root || name.startsWith('receive');
  const text = [received ? `${short(service)}: ${name}` : name, ...details].join('  ');
  return `${text.replaceAll(DIGEST, '$1')}${failed ? '  FAILED' : ''}`;
}

function short(service: string): string {
  return service.replace(/^countersign-/, '');
}
