import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Meter as OtelMeter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { CountersignError } from '#shared/core/errors.ts';
import { type Meter, type Metric, METRICS } from './metrics.ts';

export interface ServedMeter extends Meter {
  readonly port: number;
  close(): Promise<void>;
}

type Write = (value: number, labels: Readonly<Record<string, string>>) => void;

/**
 * Metrics as text for Prometheus, at `GET /metrics` of an address of their own: every client that reaches it may read
 * them, and by default only this machine, or a sidecar, does. Throws `bad-config` when the address cannot be had. This
 * file is only ever imported dynamically.
 */
export async function serveMetrics(address: { host: string; port: number }): Promise<ServedMeter> {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    // Prometheus names what it scrapes itself.
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('countersign');
  const writers = new Map(
    Object.entries<Metric>(METRICS).map(([name, metric]) => [name, writerOf(name, metric, meter)]),
  );
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/metrics') {
      exporter.getMetricsRequestHandler(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `Metrics cannot be served on ${address.host}:${address.port}: set OTEL_EXPORTER_PROMETHEUS_PORT to a free one`;
    throw new CountersignError('bad-config', message, { cause });
  }
  // A client that scrapes does not keep a function alive.
  server.unref();
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    record: (name, value, labels) => writers.get(name)?.(value, labels),
    async close() {
      server.close();
      server.closeAllConnections();
      await provider.shutdown();
    },
  };
}

function writerOf(name: string, { kind, unit, meaning }: Metric, meter: OtelMeter): Write {
  const options = { unit, description: meaning };
  const full = `countersign_${name}${unit === 's' ? '_seconds' : ''}`;
  if (kind === 'counter' || kind === 'sum') {
    const counter = meter.createCounter(full, options);
    return (value, labels) => counter.add(value, { ...labels });
  }
  const advice = { explicitBucketBoundaries: [...BUCKETS] };
  const instrument =
    kind === 'gauge'
      ? meter.createGauge(full, options)
      : meter.createHistogram(full, { ...options, advice });
  return (value, labels) => instrument.record(value, { ...labels });
}

/** Bounds of histograms, in seconds: from a task with nothing to do to a roll-out that an operator must look at. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] as const;
