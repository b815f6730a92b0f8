import * as z from 'zod';
import { disabledApiFix } from '#shared/net/google-disabled.ts';
import { parseJson } from '#shared/net/json.ts';
import { createPassiveTracing, type Log, type Telemetry } from './telemetry.ts';
import { createLogMeter } from './log-meter.ts';
import type { OtelTracing } from './otel-tracing.ts';
import type { TelemetrySettings, TraceSettings } from './read-env.ts';
import type { SendDeps } from './send-spans.ts';
import type { ServedMeter } from './serve-metrics.ts';
import { within } from '#shared/net/within.ts';

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
  async function flush(isIdle = true): Promise<void> {
    if (isIdle) logged?.flush();
    await flushSpans?.();
  }
  return {
    tracing: spans ?? createPassiveTracing(context),
    meter: {
      record(name, value, labels) {
        logged?.record(name, value, labels);
        served?.record(name, value, labels);
      },
      ride: () => logged?.ride() ?? {},
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

/** What a request waits for its spans to get out; Google's endpoint and a collector beside us take a tenth of it. */
const FLUSH_LIMIT_MS = 1_000;

/** After spans could not be sent, requests do not wait for the next ones for so long. */
const QUIET_MS = 30_000;

interface FlushDeps {
  /** Sends what is there. */
  readonly flush: () => Promise<void>;
  /** Milliseconds, from any origin; must not go back. */
  readonly now: () => number;
  /** Called with the first failure in a while, and with no other. */
  readonly onFailure: (error: unknown) => void;
  readonly limitMs?: number;
  readonly quietMs?: number;
}

/**
 * A flush that never throws and never takes long: it gives up waiting after `limitMs`, and where sending has failed
 * no request waits for `quietMs`, so that a collector that is gone does not slow every request down.
 *
 * @example
 * const flush = createFlush({ flush: () => tracing.flush(), now: () => performance.now(), onFailure });
 */
export function createFlush(deps: FlushDeps): () => Promise<void> {
  const { flush, now, onFailure, limitMs = FLUSH_LIMIT_MS, quietMs = QUIET_MS } = deps;
  let quietUntil = Number.NEGATIVE_INFINITY;
  return async function flushPatiently() {
    if (now() < quietUntil) return;
    try {
      await within(limitMs, flush, () => {
        throw new Error(`No answer in ${limitMs} ms`);
      });
    } catch (error) {
      const isKnown = now() < quietUntil;
      quietUntil = now() + quietMs;
      if (!isKnown) onFailure(error);
    }
  };
}
