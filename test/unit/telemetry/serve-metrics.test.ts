import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '#shared/http/serve.ts';
import { METRICS } from '#shared/telemetry/metrics.ts';
import { type ServedMeter, serveMetrics } from '#shared/telemetry/serve-metrics.ts';

const HERE = { host: '127.0.0.1', port: 0 };

async function open(): Promise<{ meter: ServedMeter; url: string }> {
  const meter = await serveMetrics(HERE);
  onTestFinished(() => meter.close());
  return { meter, url: `http://127.0.0.1:${meter.port}` };
}

describe('serveMetrics()', () => {
  it('answers Prometheus with what was recorded', async () => {
    const { meter, url } = await open();
    meter.record('push_to_approved', 0.3, { reason: 'push' });
    meter.record('push_to_approved', 400, { reason: 'push' });
    meter.record('verdicts', 1, { verdict: 'unsigned' });
    meter.record('cluster_calls', 2, { verb: 'list' });
    meter.record('fleet_rsyncs', 7, { phase: 'Synced' });
    meter.record('fleet_rsyncs', 5, { phase: 'Synced' });
    meter.record('sweep_lag', 12, {});
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.split('\n');
    expect(text).not.toContain('node_modules');
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE countersign_push_to_approved_seconds histogram',
        `# HELP countersign_push_to_approved_seconds ${METRICS.push_to_approved.meaning}`,
        'countersign_push_to_approved_seconds_count{reason="push"} 2',
        'countersign_push_to_approved_seconds_bucket{reason="push",le="0.5"} 1',
        'countersign_push_to_approved_seconds_bucket{reason="push",le="600"} 2',
        'countersign_verdicts_total{verdict="unsigned"} 1',
        'countersign_cluster_calls_total{verb="list"} 2',
        'countersign_fleet_rsyncs{phase="Synced"} 5',
        'countersign_sweep_lag_seconds 12',
      ]),
    );
  });

  it.each([
    ['POST', '/metrics'],
    ['GET', '/'],
    ['GET', '/metrics/'],
  ])('answers nothing else: %s %s', async (method, path) => {
    const { url } = await open();
    expect((await fetch(`${url}${path}`, { method })).status).toBe(404);
  });

  it('says which variable helps where its port is taken', async () => {
    const other = createServer();
    const port = await listen(other, HERE);
    onTestFinished(() => void other.close());
    await expect(serveMetrics({ ...HERE, port })).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining('OTEL_EXPORTER_PROMETHEUS_PORT'),
    });
  });
});
