import * as z from 'zod';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { parseJson } from '#shared/net/json.ts';
import type { Log, Telemetry } from './telemetry.ts';
import { createFlush } from './flush-patiently.ts';
import { createLogMeter } from './log-meter.ts';
import type { OtelTracing } from './otel-tracing.ts';
import { createPassiveTracing } from './trace-context.ts';
import type { TelemetrySettings, TraceSettings } from './read-env.ts';
import type { SendDeps } from './send-spans.ts';
import type { ServedMeter } from './serve-metrics.ts';

export interface TelemetryDeps extends SendDeps {
  readonly log: Log;
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
}

/**
 * The telemetry that `settings` ask for. What sends spans or serves metrics is loaded here and only then. Throws
 * `bad-config` where the address for metrics cannot be had.
 *
 * @example
 * const { tracing, meter, flush } = await openTelemetry(settings, deps);
 */
export async function openTelemetry(
  settings: TelemetrySettings,
  deps: TelemetryDeps,
): Promise<Telemetry> {
  const { log, context, now } = deps;
  const { lines, prometheus } = settings.metrics;
  const logged = lines ? createLogMeter(log) : undefined;
  const served = prometheus && (await serve(prometheus));
  if (served !== undefined) {
    log.info({ host: prometheus?.host, port: served.port }, 'Metrics are served');
  }
  const spans = settings.traces && (await send(settings.traces, deps));
  const flushSpans =
    spans &&
    createFlush({
      flush: () => spans.flush(),
      now,
      onFailure: (cause) => log.warn({ causes: textsOf(cause) }, 'Spans cannot be sent'),
    });
  async function flush(): Promise<void> {
    logged?.flush();
    await flushSpans?.();
  }
  return {
    tracing: spans ?? createPassiveTracing(context),
    meter: {
      record(name, value, labels) {
        logged?.record(name, value, labels);
        served?.record(name, value, labels);
      },
    },
    flush,
    async close() {
      await flush();
      await served?.close();
      // Its own last flush has just been done; a collector that is gone is no failure of the function.
      await spans?.close().catch(() => undefined);
    },
  };
}

async function serve(address: { host: string; port: number }): Promise<ServedMeter> {
  return (await import('./serve-metrics.ts')).serveMetrics(address);
}

async function send(settings: TraceSettings, deps: SendDeps): Promise<OtelTracing> {
  return (await import('./send-spans.ts')).sendSpans(settings, deps);
}

/** The SDK rejects with a list; its texts name hosts and statuses. */
function textsOf(cause: unknown): readonly string[] {
  const causes: readonly unknown[] = Array.isArray(cause) ? cause : [cause];
  return causes.map((one) => {
    const text = one instanceof Error ? one.message : String(one);
    return [text, fixOf(one) ?? []].flat().join(': ');
  });
}

/** What the exporter rejects with: the HTTP status, and the body of the answer. */
const refusalSchema = z.object({ code: z.literal(403), data: z.string() });

/** What to do about Google's 403; undefined: it is another failure. */
function fixOf(cause: unknown): string | undefined {
  const { data } = refusalSchema.safeParse(cause);
  if (data === undefined) return undefined;
  const { error } =
    z.object({ error: z.unknown().optional() }).safeParse(parseJson(data.data)).data ?? {};
  const roles = 'roles/telemetry.tracesWriter and roles/serviceusage.serviceUsageConsumer';
  return disabledApiFix(error) ?? `grant ${roles} on the project`;
}
