import { Hono } from 'hono';
import { parseJson } from '#shared/net/json.ts';
import { readStart } from '#shared/net/read-body.ts';
import { listen, type Listening } from '../listen.ts';
import { drawTrace, Export, type CollectedSpan } from './trace.ts';

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
