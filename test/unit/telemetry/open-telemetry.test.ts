import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '#infra/local/traces/start-collector.ts';
import { createApp } from '#shared/http/app.ts';
import { listen } from '#shared/http/serve.ts';
import { traceRequest } from '#shared/http/app.ts';
import { openTelemetry } from '#shared/telemetry/open-telemetry.ts';
import { readTelemetryEnv } from '#shared/telemetry/read-env.ts';
import { takesGoogleToken } from '#shared/telemetry/send-spans.ts';
import type { Telemetry } from '#shared/telemetry/telemetry.ts';
import { type LoggedLine, recordLog } from '#test/fakes/log.ts';

interface Opened {
  readonly telemetry: Telemetry;
  readonly lines: readonly LoggedLine[];
  /** The status of one request to a function with this telemetry. */
  readonly ask: () => Promise<number>;
}

async function open(env: Record<string, string>): Promise<Opened> {
  const { log, lines } = recordLog();
  const telemetry = await openTelemetry(readTelemetryEnv(env), {
    context: new AsyncLocalStorage(),
    service: 'countersign-push',
    revision: 'push-7',
    projectId: 'p',
    googleToken: () => Promise.reject(new Error('No token may be asked for here')),
    log,
    now: () => performance.now(),
  });
  onTestFinished(() => telemetry.close());
  const { tracing, meter } = telemetry;
  const flush = (isIdle: boolean) => telemetry.flush(isIdle);
  const app = createApp({ log, tracing, meter, flush, ready: () => Promise.resolve() });
  app.get('/:secret', traceRequest(tracing), (c) => {
    meter.record('cluster_calls', 1, { verb: 'list' });
    return c.text('done');
  });
  return { telemetry, lines, ask: async () => (await app.request('/secret-word')).status };
}

/** A server that answers every export with `status`, and keeps the headers. */
async function startBroken(
  status: number,
): Promise<{ url: string; headers: IncomingHttpHeaders[] }> {
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    request.resume();
    response.writeHead(status).end('{}');
  });
  const port = await listen(server, { port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}`, headers };
}

describe('openTelemetry()', () => {
  it('has sent the spans of a request before its answer', async () => {
    const collector = await startCollector({ port: 0 });
    onTestFinished(() => collector.close());
    const { ask, lines } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(await ask()).toBe(200);
    expect(collector.spans()).toMatchObject([
      {
        service: 'countersign-push',
        name: 'receive request',
        attributes: { 'http.response.status_code': '200', 'http.route': '/:secret' },
      },
    ]);
    expect(lines.map(({ message }) => message)).toEqual(['Metrics']);
    expect(JSON.stringify(collector.spans())).not.toContain('secret-word');
  });

  it.each([
    ['refuses them', 403],
    ['sends us elsewhere', 302],
  ])(
    'answers requests all the same where the collector %s, and says so once',
    async (_, status) => {
      const { url, headers } = await startBroken(status);
      const { ask, lines } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
      expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 200]);
      expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
        { message: 'Spans cannot be sent' },
      ]);
      expect(headers.map(({ authorization }) => authorization)).toEqual([undefined]);
    },
  );

  it('answers requests all the same where no collector listens', async () => {
    const { ask, lines } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    expect([await ask(), await ask()]).toEqual([200, 200]);
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('sends what is left when it is closed', async () => {
    const collector = await startCollector({ port: 0 });
    onTestFinished(() => collector.close());
    const { telemetry } = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await telemetry.tracing.span('late', {}, async () => undefined);
    await telemetry.close();
    expect(collector.spans().map(({ name }) => name)).toEqual(['late']);
  });

  it('writes a line for metrics alone only where no other request could take them along', async () => {
    const { telemetry, lines } = await open({});
    telemetry.meter.record('cluster_calls', 1, { verb: 'list' });
    await telemetry.flush(false);
    expect(lines).toEqual([]);
    expect(telemetry.meter.ride()).toMatchObject({ metrics: { cluster_calls: { value: 1 } } });
    telemetry.meter.record('cluster_calls', 1, { verb: 'list' });
    await telemetry.flush(true);
    expect(lines.map(({ message }) => message)).toEqual(['Metrics']);
  });

  it('writes no metrics where the environment wants none', async () => {
    const { ask, lines } = await open({ OTEL_METRICS_EXPORTER: 'none' });
    expect(await ask()).toBe(200);
    expect(lines).toEqual([]);
  });
});

describe('takesGoogleToken()', () => {
  it.each([
    ['https://telemetry.googleapis.com/v1/traces', true],
    ['https://telemetry.googleapis.com:443/v1/traces', true],
    ['http://telemetry.googleapis.com/v1/traces', false],
    ['https://telemetry.googleapis.com:8443/v1/traces', false],
    ['https://telemetry.googleapis.com.evil.example/v1/traces', false],
    ['https://evil.example/telemetry.googleapis.com', false],
    ['https://telemetry.googleapis.com@evil.example/', false],
    ['https://xtelemetry.googleapis.com/', false],
    ['http://127.0.0.1:4318/v1/traces', false],
  ])('of %s is %s', (url, takes) => {
    expect(takesGoogleToken(url)).toBe(takes);
  });
});
