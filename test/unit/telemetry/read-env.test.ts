import { describe, expect, it } from 'vitest';
import { readTelemetryEnv } from '#shared/telemetry/read-env.ts';

const LINES = { lines: true };

describe('readTelemetryEnv()', () => {
  it('sends no spans, and writes metrics as lines, where nothing is said', () => {
    expect(readTelemetryEnv({})).toEqual({ metrics: LINES });
    expect(readTelemetryEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toEqual({ metrics: LINES });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' }, 'http://c:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/t' }, 'https://c/t'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
  ])('sends spans by %j', (env, url) => {
    expect(readTelemetryEnv(env)).toEqual({
      metrics: LINES,
      traces: { url, sampler: 'parentbased_always_on', ratio: 1 },
    });
  });

  it.each([
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, LINES],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, { lines: false }],
  ])('sends none by %j', (env, metrics) => {
    expect(readTelemetryEnv(env)).toEqual({ metrics });
  });

  it('takes a sampler and its share', () => {
    const env = {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    };
    expect(readTelemetryEnv(env).traces).toMatchObject({ sampler: 'traceidratio', ratio: 0.25 });
  });

  it.each([
    ['none', { lines: false }],
    ['console', LINES],
    ['prometheus', { lines: false, prometheus: { host: '127.0.0.1', port: 9464 } }],
    ['console,prometheus', { lines: true, prometheus: { host: '127.0.0.1', port: 9464 } }],
  ])('exports metrics by %s', (exporter, metrics) => {
    expect(readTelemetryEnv({ OTEL_METRICS_EXPORTER: exporter })).toEqual({ metrics });
  });

  it.each([
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER'],
    [{ OTEL_METRICS_EXPORTER: 'console,otlp' }, 'OTEL_METRICS_EXPORTER'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'file:///etc' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OTEL_TRACES_SAMPLER'],
    [{ OTEL_TRACES_SAMPLER_ARG: '1.5' }, 'OTEL_TRACES_SAMPLER_ARG'],
    [{ OTEL_EXPORTER_PROMETHEUS_PORT: '65536' }, 'OTEL_EXPORTER_PROMETHEUS_PORT'],
    [{ OTEL_EXPORTER_PROMETHEUS_HOST: 'a b' }, 'OTEL_EXPORTER_PROMETHEUS_HOST'],
  ])('refuses %j naming the variable', (env, name) => {
    expect(() => readTelemetryEnv(env)).toThrow(
      expect.objectContaining({
        code: 'bad-config',
        message: expect.stringMatching(new RegExp(`^Environment variable ${name} must be`)),
      }),
    );
  });
});
