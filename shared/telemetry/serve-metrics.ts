import { createServer } from 'node:http';
import type { Counter, Gauge, Histogram } from '@opentelemetry/api';
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
  const writers = openWriters(provider);
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/metrics') {
      exporter.getMetricsRequestHandler(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `Metrics cannot be served on ${address.host}:${address.port}: set OTEL_EXPORTER_PROMETHEUS_PORT to a free one`;
      reject(new CountersignError('bad-config', message, { cause }));
    });
    server.listen(address.port, address.host, resolve);
  });
  // Whoever scrapes does not keep a function alive.
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

function openWriters(provider: MeterProvider): ReadonlyMap<string, Write> {
  const meter = provider.getMeter('countersign');
  const writers = new Map<string, Write>();
  for (const [name, { kind, unit, meaning }] of Object.entries<Metric>(METRICS)) {
    const options = { unit, description: meaning };
    const full = `countersign_${name}${unit === 's' ? '_seconds' : ''}`;
    switch (kind) {
      case 'counter':
      case 'sum':
        writers.set(name, adding(meter.createCounter(full, options)));
        break;
      case 'gauge':
        writers.set(name, recording(meter.createGauge(full, options)));
        break;
      case 'histogram': {
        const advice = { explicitBucketBoundaries: [...BUCKETS] };
        writers.set(name, recording(meter.createHistogram(full, { ...options, advice })));
      }
    }
  }
  return writers;
}

function adding(counter: Counter): Write {
  return (value, labels) => counter.add(value, { ...labels });
}

function recording(instrument: Gauge | Histogram): Write {
  return (value, labels) => instrument.record(value, { ...labels });
}

/** Bounds of histograms, in seconds: from a task with nothing to do to a roll-out that an operator must look at. */
const BUCKETS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600] as const;
